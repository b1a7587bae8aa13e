import type { Catalogue } from './entry.ts'

export const SETTINGS_FINDINGS = {
  'settings-valid': {
    verdict: 'ok',
    sentence: 'The settings are valid; set, and not left to their defaults: {count}.',
  },
  'setting-invalid': {
    verdict: 'wrong',
    sentence: 'The setting {variable} {reason}.',
    remedy: 'Correct it, for example: {example}.',
  },
  'setting-misspelled': {
    verdict: 'note',
    sentence: '{hint}.',
    remedy: 'Rename the variable, or remove it if another program reads it.',
  },
  'setting-doubtful': {
    verdict: 'note',
    sentence: '{warning}.',
    remedy: 'Change the setting, unless it is meant so.',
  },
} as const satisfies Catalogue
