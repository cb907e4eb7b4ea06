# One image for every process of the service profile: docker-compose.yml and deploy/kubernetes say which runs what.
# Who is asked for its health differs by process, so there is no HEALTHCHECK here.
FROM python:3.13-slim AS build

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements.txt /
RUN pip install -r /requirements.txt

WORKDIR /app
COPY . .
# The key is for this one command; nothing of it is kept. Compiled here, since the processes may not write.
RUN SECRET_KEY=collectstatic DATABASE_URL=sqlite:////tmp/none.sqlite3 python manage.py collectstatic --no-input \
    && python -m compileall -q .

# Neither a compiler nor anything that may be written to.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/venv/bin:$PATH
RUN useradd --uid 10001 --no-create-home carillon
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app

# By number: Kubernetes can't tell whether a name is root.
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "manage.py", "web", "--host", "0.0.0.0", "--port", "8000"]
