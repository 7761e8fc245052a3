#!/bin/sh
# Temporal's server. Its configuration is its environment; the password comes from a file.
set -eu

POSTGRES_PWD="$(cat "$POSTGRES_PASSWORD_FILE")"
export POSTGRES_PWD
# What its services tell each other when they listen on every address of a container.
TEMPORAL_BROADCAST_ADDRESS="${TEMPORAL_BROADCAST_ADDRESS:-$(getent hosts "$(hostname)" | cut -d ' ' -f 1)}"
export TEMPORAL_BROADCAST_ADDRESS
exec temporal-server --allow-no-auth start
