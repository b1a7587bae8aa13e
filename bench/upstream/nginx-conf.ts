import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ANSWER, CHALLENGE, COUNT_PATH, DENIAL } from './answers.ts'

/**
 * nginx reads no claims, but the stand-in for Keycloak writes exp, iat and jti first, with as many characters each
 * time, and begins the jti of a login token with `onrtro`: it stands behind 42 octets, which are 56 characters.
 */
const LOGIN_TOKEN = '~^Bearer [^.]+[.][A-Za-z0-9_-]{56}b25ydHJv'

/**
 * An answer before the end of the request would make undici close the connection, and a closed connection would be
 * measured. Only a mirror makes nginx read a body that goes nowhere; the 405 that follows leads to the answer.
 */
const READS_BODY = 'mirror /bench-drop; empty_gif;'

/** Writes the configuration of the upstream; its path. */
export async function writeNginxConf(options: {
  readonly folder: string
  readonly port: number
  readonly eventsUrl: string
}): Promise<string> {
  const { folder, port, eventsUrl } = options
  const path = join(folder, 'upstream.conf')
  await writeFile(
    path,
    `daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pcre_jit on;
pid ${folder}/upstream.pid;
error_log ${folder}/upstream.log;
${runAsSelf()}events { worker_connections 16384; }
http {
  access_log off;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  large_client_header_buffers 8 32k;
  client_max_body_size 0;
  client_body_buffer_size 128k;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  map $http_authorization $denied { default 0; "${LOGIN_TOKEN}" 1; }
  upstream events { server ${new URL(eventsUrl).host}; keepalive 2048; }
  server {
    listen 127.0.0.1:${port} backlog=8192;
    default_type application/json;
    location = ${COUNT_PATH} { stub_status; }
    location /free/ {
      if ($request_method = GET) { return 200 '${ANSWER}'; }
      ${READS_BODY}
      error_page 405 = /bench-0;
    }
    location /guarded/ {
      if ($request_method = GET) { rewrite ^ /bench-$denied last; }
      ${READS_BODY}
      error_page 405 = /bench-$denied;
    }
    location = /bench-drop { internal; return 204; }
    location = /bench-0 { internal; return 200 '${ANSWER}'; }
    location = /bench-1 {
      internal;
      add_header WWW-Authenticate '${CHALLENGE}' always;
      return 403 '${DENIAL}';
    }
    location ~ ^/(events|hold)$ {
      proxy_pass http://events;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 600s;
    }
  }
}
`,
  )
  return path
}

/** A master that is root gives its worker to a user who may not write here. */
export function runAsSelf(): string {
  return process.getuid?.() === 0 ? 'user root;\n' : ''
}
