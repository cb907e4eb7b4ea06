/** The pages of the API are dark where the system is: their own style sheet has it, and waits for a class. */
document.documentElement.classList.toggle("dark-mode", matchMedia("(prefers-color-scheme: dark)").matches);
