# One image for every process of the service profile; docker-compose.yml says which runs what.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

COPY requirements.txt .
RUN pip install -r requirements.txt

COPY . .
# The key is for this one command; nothing of it is kept.
RUN SECRET_KEY=collectstatic DATABASE_URL=sqlite:////tmp/none.sqlite3 python manage.py collectstatic --no-input \
    && useradd --system --no-create-home carillon

USER carillon
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "manage.py", "web", "--host", "0.0.0.0", "--port", "8000"]
