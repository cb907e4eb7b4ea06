/** The API to try, with its library of scripts loaded before; dark where the system is, by a class of its styles. */
document.documentElement.classList.toggle("dark-mode", matchMedia("(prefers-color-scheme: dark)").matches);
const place = document.getElementById("swagger-ui");
SwaggerUIBundle({
  domNode: place,
  url: place.dataset.schema,
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
  requestInterceptor(request) {
    if (!request.loadSpec && request.method !== "GET") request.headers[place.dataset.header] = place.dataset.token;
    return request;
  },
});
