"""The topology of `docker-compose.yml` as plain processes of one machine: `make cluster`."""
