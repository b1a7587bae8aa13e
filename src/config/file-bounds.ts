/** What the files of one kind may have, at the start as later. */
export const MAX_SECRET_BYTES = 65_536
export const MAX_PEM_BYTES = 1_048_576
/** Of POLICY_FILE, LLAMA_STACK_CONFIG and the `.env` file. */
export const MAX_SETTINGS_BYTES = 1_048_576
