FROM python:3.11-slim AS build

# Where the default index brings torch with CUDA and the CPU is enough, name one with CPU wheels:
# docker build --build-arg PIP_EXTRA_INDEX_URL=...
ARG PIP_EXTRA_INDEX_URL=""
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_QUIET=1

RUN python -m venv /opt/nutgraf
COPY pyproject.toml constraints.txt README.md LICENSE /src/
COPY models /src/models
COPY service /src/service
COPY training /src/training
RUN /opt/nutgraf/bin/pip install --constraint /src/constraints.txt setuptools && \
    /opt/nutgraf/bin/pip install --constraint /src/constraints.txt --no-build-isolation '/src[postgres]'

FROM python:3.11-slim

COPY --from=build /opt/nutgraf /opt/nutgraf
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin nutgraf
USER 10001

ENV PATH=/opt/nutgraf/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NUTGRAF_HOST=0.0.0.0

EXPOSE 8000
CMD ["nutgraf", "serve"]
