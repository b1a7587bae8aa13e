import type { Setting } from '../config/setting.ts'
import { SETTING_GROUPS, showChoices, showDefault } from '../config/setting.ts'
import { isSecretSetting, listSettings } from '../config/settings-schema.ts'

export const SHORT_USAGE = `Usage: scopelift [serve]                       relay requests, until it is stopped
       scopelift health                        ask the running process for its health: exit code 0 or 1
       scopelift doctor [CALLER] [--json]      ask Keycloak, upstream and policy what is wrong, and how to mend it
       scopelift explain METHOD PATH [TOKEN] [--json]
                                               what would become of a request, without sending anything
       scopelift config [--json]               the settings in force, and where each comes from
       scopelift --help
       scopelift --version
`

const OPTIONS = `Every command but the last two takes --env-file FILE.

TOKEN:   --token-file FILE  a file that holds an access token; - is standard input
         --token TOKEN      the token itself, which then stands in the shell's history and the list of processes
CALLER:  TOKEN, or
         --login USER       log this user in, with the password of SCOPELIFT_LOGIN_PASSWORD or of the file
                            that SCOPELIFT_LOGIN_PASSWORD_FILE names; else it is asked for, or the first
                            line of standard input
         --login-client ID  the public client where users log in with a password; default scopelift-login

doctor: exit code 0 nothing is wrong, 1 something is, 78 it is in the settings or the policy. It asks Keycloak for
tokens of its own and for exchanges, and the upstream with GET and without a token; it changes nothing.
explain: the token is read, not verified.
`

/** The text of `--help`, made from the table of settings. */
export function createUsage(): string {
  const groups = SETTING_GROUPS.map((group) => {
    const rows = listSettings().filter(([, setting]) => setting.group === group)
    return [`${group}:`, ...rows.map(([name, setting]) => showSetting(name, setting)), ''].join(
      '\n',
    )
  })
  return [
    SHORT_USAGE,
    OPTIONS,
    'A sidecar that turns a scope denial into a granted request.',
    '',
    'Settings are environment variables, or lines of a .env file (the environment wins).',
    'An empty one is unset, and does not hide the line of .env; lists are separated by spaces.',
    '',
    ...groups,
    'Exit codes: 0 success, 1 failure, 64 usage, 78 configuration.',
    '',
  ].join('\n')
}

function showSetting(name: string, setting: Setting): string {
  const shown = showDefault(setting)
  const example = isSecretSetting(name) ? '' : `example: ${setting.example}`
  const facts = shown.startsWith('required')
    ? [shown, example]
    : [shown ? `default: ${shown}` : example]
  const choices = showChoices(setting)
  const meaning = `${setting.meaning}${choices && `: ${choices}`}`.replaceAll('`', '')
  return `  ${name} (${facts.filter(Boolean).join('; ')})\n      ${meaning}`
}
