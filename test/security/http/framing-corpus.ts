/** Requests that two parsers could read differently; each ends where a lenient one would wait or go on. */
export const AMBIGUOUS_REQUESTS: Readonly<Record<string, string>> = {
  'Content-Length beside Transfer-Encoding': post(
    'Content-Length: 4\r\nTransfer-Encoding: chunked',
    '0\r\n\r\n',
  ),
  'Transfer-Encoding before Content-Length': post(
    'Transfer-Encoding: chunked\r\nContent-Length: 4',
    '0\r\n\r\n',
  ),
  'differing Content-Length': post('Content-Length: 4\r\nContent-Length: 5', 'abcde'),
  'repeated Content-Length': post('Content-Length: 4\r\nContent-Length: 4', 'abcd'),
  'a list of Content-Length': post('Content-Length: 4, 4', 'abcd'),
  'Content-Length with a sign': post('Content-Length: +4', 'abcd'),
  'negative Content-Length': post('Content-Length: -1', ''),
  'hexadecimal Content-Length': post('Content-Length: 0x4', 'abcd'),
  'Content-Length with a space inside': post('Content-Length: 4 4', 'abcd'),
  'empty Content-Length': post('Content-Length: ', ''),
  'Content-Length beyond 64 bits': post('Content-Length: 99999999999999999999', ''),
  'a coding before chunked': post('Transfer-Encoding: gzip, chunked', '0\r\n\r\n'),
  'identity before chunked': post('Transfer-Encoding: identity, chunked', '0\r\n\r\n'),
  'chunked twice': post('Transfer-Encoding: chunked, chunked', '0\r\n\r\n'),
  'chunked is not last': post('Transfer-Encoding: chunked, gzip', '0\r\n\r\n'),
  'a coding that nobody knows': post('Transfer-Encoding: xchunked', '0\r\n\r\n'),
  'a vertical tab before chunked': post('Transfer-Encoding: \x0bchunked', '0\r\n\r\n'),
  'chunked with a parameter': post('Transfer-Encoding: chunked;q=1', '0\r\n\r\n'),
  'chunked in quotes': post('Transfer-Encoding: "chunked"', '0\r\n\r\n'),
  'two Transfer-Encoding lines': post(
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
    '0\r\n\r\n',
  ),
  'folded Transfer-Encoding': post('Transfer-Encoding:\r\n chunked', '0\r\n\r\n'),
  'a folded line': get('X-A: b\r\n c: d'),
  'a first line that begins with a space':
    'GET / HTTP/1.1\r\n X: y\r\nHost: kit\r\nConnection: close\r\n\r\n',
  'a space before the colon': get('X-A : b'),
  'a space before the colon of Content-Length': post('Content-Length : 4', 'abcd'),
  'a tab before the colon of Transfer-Encoding': post('Transfer-Encoding\t: chunked', '0\r\n\r\n'),
  'a line without a colon': get('X-A'),
  'a field without a name': get(': b'),
  'a control character in a name': get('X\x01A: b'),
  'a bare CR in a value': get('X-A: b\rX-B: c'),
  'a bare LF behind a line': 'GET / HTTP/1.1\r\nHost: kit\nX-A: b\r\nConnection: close\r\n\r\n',
  'a NUL in a value': get('X-A: b\0c'),
  'no Host': 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n',
  'two Host lines': get('Host: other'),
  'a version that is none': 'GET / HTTP/9.9\r\nHost: kit\r\nConnection: close\r\n\r\n',
  'a method that is none': 'G@T / HTTP/1.1\r\nHost: kit\r\nConnection: close\r\n\r\n',
  'a space in the target': 'GET /a b HTTP/1.1\r\nHost: kit\r\nConnection: close\r\n\r\n',
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a TLS handshake on a plain port': '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n',
  'a chunk size that is no number': post('Transfer-Encoding: chunked', 'zz\r\n'),
  'a chunk size with a sign': post('Transfer-Encoding: chunked', '-1\r\nabc\r\n0\r\n\r\n'),
  'a chunk size in C notation': post('Transfer-Encoding: chunked', '0x4\r\nabcd\r\n0\r\n\r\n'),
  'a chunk size beyond 64 bits': post('Transfer-Encoding: chunked', 'fffffffffffffffff\r\nabc\r\n'),
  'a chunk longer than its size': post('Transfer-Encoding: chunked', '1\r\nabc\r\n0\r\n\r\n'),
  'a bare LF behind a chunk size': post('Transfer-Encoding: chunked', '3\nabc\r\n0\r\n\r\n'),
  'a bare LF behind a chunk': post('Transfer-Encoding: chunked', '3\r\nabc\n0\r\n\r\n'),
}

const ok = 'HTTP/1.1 200 OK\r\n'

/** Answers that two parsers could read differently; the mark in their bodies may not reach a caller. */
export const AMBIGUOUS_ANSWERS: Readonly<Record<string, string>> = {
  'Content-Length beside Transfer-Encoding': `${ok}Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n${chunked()}`,
  'differing Content-Length': `${ok}Content-Length: 10\r\nContent-Length: 4\r\n\r\nkit-octets`,
  'Content-Length that is no number': `${ok}Content-Length: ten\r\n\r\nkit-octets`,
  'negative Content-Length': `${ok}Content-Length: -10\r\n\r\nkit-octets`,
  'a coding before chunked': `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n${chunked()}`,
  'chunked is not last': `${ok}Transfer-Encoding: chunked, gzip\r\n\r\n${chunked()}`,
  'chunked twice': `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${chunked()}`,
  'a coding that nobody knows': `${ok}Transfer-Encoding: foo\r\n\r\nkit-octets`,
  'a space before the colon': `${ok}X-A : b\r\nContent-Length: 10\r\n\r\nkit-octets`,
  'a bare CR in a value': `${ok}X-A: b\rX-B: c\r\nContent-Length: 10\r\n\r\nkit-octets`,
  'a NUL in a value': `${ok}X-A: b\0c\r\nContent-Length: 10\r\n\r\nkit-octets`,
  'a version that is none': 'HTTP/9.9 200 OK\r\nContent-Length: 10\r\n\r\nkit-octets',
  'a status that is none': 'HTTP/1.1 2000 OK\r\nContent-Length: 10\r\n\r\nkit-octets',
  'no HTTP at all': 'SSH-2.0-kit-octets\r\n\r\n',
  nothing: '',
}

function post(lines: string, body: string): string {
  return `POST / HTTP/1.1\r\nHost: kit\r\nConnection: close\r\n${lines}\r\n\r\n${body}`
}

function get(lines: string): string {
  return `GET / HTTP/1.1\r\nHost: kit\r\nConnection: close\r\n${lines}\r\n\r\n`
}

function chunked(): string {
  return 'a\r\nkit-octets\r\n0\r\n\r\n'
}
