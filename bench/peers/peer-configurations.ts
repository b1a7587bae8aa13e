import { REQUESTER } from '../../test/support/demo-servers.ts'
import type { Keycloak } from '../keycloak/start-keycloak.ts'
import { runAsSelf } from '../upstream/nginx-conf.ts'

export interface Place {
  readonly folder: string
  readonly port: number
  readonly upstream: string
  readonly keycloak: Keycloak
}

/** How a proxy is told to relay everything to the upstream over kept connections, without a log of requests. */
export interface PeerConfiguration {
  readonly name: string
  readonly remark: string
  readonly versionArgs: readonly string[]
  args(file: string): readonly string[]
  text(place: Place): string
}

export const NGINX: PeerConfiguration = {
  name: 'nginx',
  remark: '1 worker, kept connections, bodies up to 128 KiB in memory, no access log',
  versionArgs: ['-v'],
  args: (file) => ['-c', file],
  text: ({ folder, port, upstream }) => `daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/log;
${runAsSelf()}events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  client_body_buffer_size 128k;
  keepalive_requests 1000000000;
  upstream resource { server ${new URL(upstream).host}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://resource;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
    location = /events {
      proxy_pass http://resource;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`,
}

export const HAPROXY: PeerConfiguration = {
  name: 'haproxy',
  remark: '1 thread, connections shared, no log',
  versionArgs: ['-v'],
  args: (file) => ['-db', '-f', file],
  text: ({ port, upstream }) => `global
  maxconn 8192
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  http-reuse always
frontend callers
  bind 127.0.0.1:${port}
  default_backend resource
backend resource
  server resource ${new URL(upstream).host}
`,
}

export const CADDY: PeerConfiguration = {
  name: 'caddy',
  remark: 'reverse_proxy, its defaults, no log of requests',
  versionArgs: ['version'],
  args: (file) => ['run', '--config', file, '--adapter', 'caddyfile'],
  text: ({ port, upstream }) => `{
	admin off
	auto_https off
}
http://127.0.0.1:${port} {
	bind 127.0.0.1
	reverse_proxy ${new URL(upstream).host}
}
`,
}

export const OAUTH2_PROXY: PeerConfiguration = {
  name: 'oauth2-proxy',
  remark: 'verifies the bearer against the realm, no log of requests',
  versionArgs: ['--version'],
  args: (file) => ['--config', file],
  text: ({ port, upstream, keycloak }) => `http_address = "127.0.0.1:${port}"
upstreams = ["${upstream}/"]
provider = "oidc"
oidc_issuer_url = "${keycloak.issuer}"
client_id = "${REQUESTER}"
client_secret = "unused, for no user logs in here"
redirect_url = "http://127.0.0.1:${port}/oauth2/callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
email_domains = ["*"]
oidc_email_claim = "sub"
skip_jwt_bearer_tokens = true
request_logging = false
auth_logging = false
`,
}
