"""Packages of the wheel: the three apps, with the templates and static files that the repository keeps beside them."""

from setuptools import find_packages, setup

# Their loaders look into apps. The pages for errors stay out: those are a project's own.
BESIDE = {"events.templates": "templates", "events.static": "static"}

setup(
    packages=[*find_packages(include=["events*", "notifications*", "delivery*"]), *BESIDE],
    package_dir=BESIDE,
    include_package_data=False,
    package_data={
        "": ["py.typed"],
        "events": ["static/**/*"],
        "events.templates": ["admin/**/*", "carillon/**/*"],
        "events.static": ["**/*"],
    },
)
