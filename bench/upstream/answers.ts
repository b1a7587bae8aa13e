/** What the upstream answers; a check wants to see it byte for byte behind the proxy. */
export const ANSWER =
  '{"object":"list","data":[{"id":"llama-3","object":"model","created":1700000000,"owned_by":"bench"}]}'
export const DENIAL = '{"error":"insufficient_scope"}'
/** A scope that the realm grants to alice, and that her login token does not hold. */
export const SCOPE = 'mcp:list_files'
export const CHALLENGE = `Bearer error="insufficient_scope", scope="${SCOPE}"`

/** Where the upstream says how many requests it has had, in the words of nginx's stub_status. */
export const COUNT_PATH = '/bench-status'
