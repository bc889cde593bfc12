# One image for web, worker and scheduler; compose.yaml says which it is.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    OPENBLAS_NUM_THREADS=1 \
    MALLOC_ARENA_MAX=2 \
    CELERY_SKIP_CHECKS=1 \
    IMPROVE_DATA=/data \
    STATIC_ROOT=/app/staticfiles \
    MPLCONFIGDIR=/tmp/matplotlib

WORKDIR /app
COPY requirements.txt .
RUN pip install --requirement requirements.txt

COPY . .
# Needs no secret: it serves nobody.
RUN python manage.py collectstatic --noinput \
    && useradd --system --uid 10001 improve \
    && mkdir -p /data && chown improve /data

USER improve
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "improve.wsgi:application", "--bind", "0.0.0.0:8000", \
     "--worker-class", "gthread", "--workers", "2", "--threads", "8", \
     "--access-logfile", "-", "--no-control-socket"]
