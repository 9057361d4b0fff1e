/** Writes docs/sdk.md from the declarations of the SDK, as the compiler emits them. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const PAGE = join(ROOT, 'docs', 'sdk.md')

/** What an integrator imports, by what it is for. All else in clients/sdk is how that is done. */
export const MODULES: Readonly<Record<string, readonly string[]>> = {
  'A session': ['session', 'connection', 'errors'],
  'For publishers': ['preview', 'sign-alert', 'publish', 'status', 'recall'],
  'For subscribers': [
    ...['feed', 'feed-stream', 'given-alerts', 'read', 'acknowledge', 'recalled-alerts'],
    ...['export', 'evidence', 'verify-release', 'release-fault'],
  ],
  'For auditors': ['search', 'given-to', 'record-filter', 'found-record', 'given-record'],
  'The log': ['log', 'checkpoint-memory', 'receipt', 'log-errors'],
  'The directory': ['directory', 'enter-change'],
}

/** One exported declaration. */
export interface Declaration {
  readonly name: string
  readonly kind: 'function' | 'value' | 'class' | 'interface' | 'type'
  /** Its docstring, unwrapped; empty without one. */
  readonly doc: string
  readonly code: string
}

/** The page as it should be. */
export const sdkPage = (): string => {
  const declared = declarationsOf(Object.values(MODULES).flat())
  const sections = Object.entries(MODULES).map(([title, modules]) => {
    const parts = modules.map((module) => {
      const all = declared.get(module) ?? []
      return `### \`${module}.ts\`\n\n${all.map(described).join('\n')}`
    })
    return `## ${title}\n\n${parts.join('\n')}`
  })
  return `${HEADER}\n${sections.join('\n')}`
}

const HEADER = `# The SDK: reference

Made by \`npm run sdk-docs\` from the declarations in \`clients/sdk\`. [clients/sdk/README.md](../clients/sdk/README.md) says how to begin, [examples](examples/README.md)
are whole programs. The last part of a name is its unit: \`Ms\` milliseconds, of time since 1970 where it names a moment; \`Bytes\`; \`Characters\` are Unicode code points.
\`LIMITS\` is \`core/limits.ts\`. What a promise «rejects with» is thrown where it is awaited.
`

const described = ({ name, doc, code }: Declaration): string =>
  `#### ${name}\n\n${doc === '' ? '' : `${doc}\n\n`}\`\`\`ts\n${code}\n\`\`\`\n`

/** What these modules of clients/sdk export, in their order. */
export const declarationsOf = (
  modules: readonly string[],
): ReadonlyMap<string, readonly Declaration[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'rabta-sdk-'))
  try {
    const bin = join(ROOT, 'node_modules', '.bin')
    const options = { cwd: ROOT, encoding: 'utf8' } as const
    execFileSync(join(bin, 'tsc'), ['-p', 'tsconfig.sdk.json', '--outDir', folder], options)
    const texts = modules.map((module) => {
      const text = readFileSync(join(folder, 'clients', 'sdk', `${module}.d.ts`), 'utf8')
      return `${MARK}${module}\n${withoutPrivate(text)}`
    })
    const formatting = ['format', '--stdin-file-path=sdk.d.ts']
    const input = texts.join('\n')
    const formatted = execFileSync(join(bin, 'biome'), formatting, { ...options, input })
    const parts = formatted.split(MARK).slice(1)
    return new Map(parts.map((part) => [part.slice(0, part.indexOf('\n')), declarationsIn(part)]))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** No declaration has it. */
const MARK = '// module: '

/** Private members are nobody's business, nor are their comments. */
const withoutPrivate = (text: string): string =>
  text.replaceAll(/(?: +\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)? +private [^\n]*;\n/g, '')

const EXPORT =
  /(?:^\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?^export (?:declare )?(const|function|class|interface|type) (\w+)[\s\S]*?(?=^(?:\/\*\*|export|import|declare|type|interface|\/\/)|(?![\s\S]))/gm

const declarationsIn = (text: string): readonly Declaration[] =>
  [...text.matchAll(EXPORT)].map(([whole, comment = '', word = '', name = '']) => {
    const code = whole.slice(whole.search(/^export/m)).trim()
    return { name, kind: kindOf(word, code), doc: unwrapped(comment), code }
  })

const kindOf = (word: string, code: string): Declaration['kind'] => {
  if (word === 'class' || word === 'interface' || word === 'type') return word
  return word === 'function' || /^export declare const \w+: (?:<[^>]*>)?\(/.test(code)
    ? 'function'
    : 'value'
}

const unwrapped = (comment: string): string =>
  comment
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trim())
    .join('\n')
    .trim()

if (import.meta.main) writeFileSync(PAGE, sdkPage())
