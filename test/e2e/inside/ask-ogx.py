"""One request to OGX from inside its own container; the request comes on standard input, the answer goes out as JSON."""
import base64
import http.client
import json
import sys

call = json.load(sys.stdin)
body = json.dumps(call["json"]).encode() if "json" in call else None
headers = {}
if "token" in call:
    headers["Authorization"] = f"Bearer {call['token']}"
if body is not None:
    headers["Content-Type"] = "application/json"

connection = http.client.HTTPConnection("127.0.0.1", 8321, timeout=30)
connection.request(call.get("method") or ("GET" if body is None else "POST"), call["path"], body, headers)
answer = connection.getresponse()
json.dump(
    {
        "status": answer.status,
        "fields": answer.getheaders(),
        "body": base64.b64encode(answer.read()).decode(),
    },
    sys.stdout,
)
