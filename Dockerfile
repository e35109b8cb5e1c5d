# The image of web, worker, beat and the migration step. It holds no secret: the environment brings them.
FROM python:3.13-slim-bookworm

# WeasyPrint draws with Pango.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin vca

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 DEBUG=0
WORKDIR /app
COPY requirements.lock .
RUN pip install --disable-pip-version-check --require-hashes -r requirements.lock
COPY manage.py ./
COPY vca vca
COPY referrals referrals
COPY billing billing
COPY templates templates
COPY static static

# The keys of this step are random and gone with it: collecting files needs settings, not secrets.
RUN SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
    FIELD_KEYS="build:$(python -c 'import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())')" \
    INDEX_KEY="$(python -c 'import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())')" \
    ALLOWED_HOSTS=localhost \
    python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q vca referrals billing \
    && install -d -o vca -g vca -m 700 /documents /beat

USER vca
ENV DOCUMENTS_DIR=/documents
EXPOSE 8000
CMD ["gunicorn", "vca.wsgi", "--bind", "0.0.0.0:8000", "--threads", "8", "--worker-class", "vca.serving.Worker"]
