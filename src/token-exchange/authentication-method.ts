/** How the requester client authenticates, as KEYCLOAK_AUTH_METHOD names it. */
export type ClientAuthenticationMethod =
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'private_key_jwt'
  | 'federated_jwt'
