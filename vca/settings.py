"""The one settings module. The environment decides; nonsense is refused at start (vca/environment.py).

Without any variable this is the try-out: SQLite, no broker, DEBUG. DATABASE_URL or DEBUG=0 gives the production
settings; they need SECRET_KEY, ALLOWED_HOSTS, FIELD_KEYS and INDEX_KEY from the environment or from var/keys.env, which
./run writes once.
"""

from pathlib import Path

import environ
from csp.constants import NONE, SELF

from vca import environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
STATE_DIR = Path(env.str("VCA_STATE_DIR", default=str(BASE_DIR / "var")))
env.read_env(STATE_DIR / "keys.env")

# A database of its own is taken for a real practice's: there DEBUG is never on by accident.
DEBUG = environment.switch("DEBUG", env.str("DEBUG", default=""), default=not env.str("DATABASE_URL", default=""))
SECRET_KEY = environment.secret("SECRET_KEY", env.str("SECRET_KEY", default=""))
FIELD_KEYS = environment.required("FIELD_KEYS", env.str("FIELD_KEYS", default=""))
INDEX_KEY = environment.required("INDEX_KEY", env.str("INDEX_KEY", default=""))
environment.index_key(INDEX_KEY, apart_from=environment.field_keys(FIELD_KEYS).values())
_HERE = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = environment.hosts("ALLOWED_HOSTS", env.list("ALLOWED_HOSTS", default=_HERE), debug=DEBUG)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "csp",
    "vca.core",
    "referrals",
    "billing",
    "vca.desk",
    "vca.demo",
]
MIDDLEWARE = [
    # What browsers are told stands around everything that answers, probes and files included.
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "vca.core.middleware.cross_origin_isolation",
    "vca.core.middleware.probes",
    "vca.core.middleware.threshold",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "vca.core.middleware.time_limits",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "vca.core.middleware.actor",
    "vca.core.middleware.reads",
    "vca.core.middleware.refusals",
]
ROOT_URLCONF = "vca.urls"
WSGI_APPLICATION = "vca.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "vca.core.views.session.surroundings",
            ],
            "builtins": ["vca.core.templatetags.house"],
        },
    }
]

# The application role owns nothing; "owner" changes the schema and is used by prepare_database alone.
DATABASE_URL = env.str("DATABASE_URL", default="") or f"sqlite:///{STATE_DIR / 'vca.sqlite3'}"
DATABASES = {"default": environment.database("DATABASE_URL", DATABASE_URL)}
if env.str("DATABASE_OWNER_URL", default=""):
    DATABASES["owner"] = environment.database("DATABASE_OWNER_URL", env.str("DATABASE_OWNER_URL"))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = environment.broker("REDIS_URL", env.str("REDIS_URL", default=""))
DOCUMENTS_DIR = environment.writable_folder(
    "DOCUMENTS_DIR", Path(env.str("DOCUMENTS_DIR", default=str(STATE_DIR / "documents")))
)
globals().update(environment.email("EMAIL_URL", env.str("EMAIL_URL", default="") or "consolemail://"))
EMAIL_TIMEOUT = 10  # seconds, well below the lease of the job that sends
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="vca@localhost")
# What links in e-mail begin with.
_SITE = "http://localhost:8000" if DEBUG else f"https://{ALLOWED_HOSTS[0]}"
SITE_URL = environment.site("SITE_URL", env.str("SITE_URL", default=_SITE), debug=DEBUG)

AUTH_USER_MODEL = "core.User"
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "today"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "vca.core.services.passwords.HardToGuess"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
SESSION_COOKIE_AGE = 12 * 60 * 60
BEHIND_PROXY = not DEBUG  # it says who asks, in X-Forwarded-For, and how, in X-Forwarded-Proto
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no cookie: a sentence may name somebody

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = None if DEBUG else STATE_DIR / "static"  # what collectstatic gathers; the try-out serves the sources
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_MAX_AGE = 0 if DEBUG else 3600
WHITENOISE_IMMUTABLE_FILE_TEST = r"/vendor/.+-\d+\.\d+\.\d+/"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# A file on its way in lies in memory alone, where Django would write one above 2.5 MB to /tmp in the clear.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 24 * 1024 * 1024  # of a whole request; middleware.threshold refuses a larger one

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REDIRECT_EXEMPT = ["^(healthz|readyz)$", "^api/"]  # the API refuses: see middleware.threshold
if not DEBUG:
    SECURE_SSL_REDIRECT = environment.switch(
        "SECURE_SSL_REDIRECT", env.str("SECURE_SSL_REDIRECT", default=""), default=True
    )
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["vca.core.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["vca.core.api.authentication.NeedsPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "vca.core.api.requests.Pages",
    "DEFAULT_METADATA_CLASS": None,  # what an address takes stands in /api/schema/: OPTIONS is no method
    "DEFAULT_SCHEMA_CLASS": "vca.core.api.schema.Described",
    "EXCEPTION_HANDLER": "vca.core.api.errors.explain",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "VCA Desk",
    "DESCRIPTION": "Referrals, visits and claims of a clinic that treats Veterans under a Veterans Care Agreement.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "POSTPROCESSING_HOOKS": [],
    "PATH_CONVERTER_OVERRIDES": {"id": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "vca.core.db.LineWithoutRows", "format": "{asctime} {levelname} {name} {message}", "style": "{"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"vca": {"level": "INFO"}, "django": {"handlers": []}},  # its own would write each line once more
}
