/** What is known of a condition: `maybe` where OGX knows more than its configuration file tells us. */
export type Truth = 'yes' | 'no' | 'maybe'
