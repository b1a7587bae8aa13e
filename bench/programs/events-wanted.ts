export const EVENTS = 20
export const EVENT = `data: {"choices":[{"index":0,"delta":{"content":"a word or two"}}]}\n\n`
