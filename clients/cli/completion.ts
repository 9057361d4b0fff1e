import type { Command, Option } from '#clients/cli/command.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]
export const isShell = (name: string): name is Shell => SHELLS.some((shell) => shell === name)

/** A script that a shell reads to complete `rabta`, made of the table of commands. */
export const completionScript = (shell: Shell, commands: readonly Command[]): string =>
  ({ bash: bashScript, zsh: zshScript, fish: fishScript })[shell](commands)

/** Those of every command, too. */
const optionsOf = ({ options }: Command): readonly (readonly [string, Option])[] => [
  ...Object.entries(options),
  ['help', { type: 'boolean', help: 'Show this.' }],
]

const FILE_VALUES: readonly string[] = ['FILE', 'FILE[,FILE]', 'DIR']
const takesFile = ({ value }: Option): boolean => FILE_VALUES.includes(value ?? '')
/** A command whose word is a file, as `DRAFT.json` is. */
const readsFile = ({ words }: Command): boolean => /\b(?:DIR|DRAFT|FILE)\b/.test(words)

/** In single quotes, as every shell here reads them. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const bashScript = (commands: readonly Command[]): string => {
  const values = commands.flatMap((command) =>
    optionsOf(command).flatMap(([name, option]) => {
      const at = `${command.name}:--${name}`
      if (option.oneOf !== undefined) {
        const prefix = option.isList ? 'list' : 'words'
        return [`    ${at}) _rabta_${prefix} ${quoted(option.oneOf.join(' '))}; return ;;`]
      }
      if (option.type === 'boolean') return []
      return [`    ${at}) ${takesFile(option) ? '_rabta_files' : 'COMPREPLY=()'}; return ;;`]
    }),
  )
  const words = commands.map((command) => {
    const options = optionsOf(command).map(([name]) => `--${name}`)
    const first = quoted((command.firstWords ?? []).join(' '))
    const otherwise = readsFile(command) ? '_rabta_files' : `_rabta_words ${first}`
    return [
      `    ${command.name})`,
      `      if [[ $_rabta_cur == -* ]]; then _rabta_words ${quoted(options.join(' '))}`,
      `      else ${otherwise}; fi ;;`,
    ].join('\n')
  })
  return `# bash completion of rabta
_rabta_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$_rabta_cur"); }
_rabta_files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$_rabta_cur"); }
# Of a list only the last item is completed; the others stay as they are.
_rabta_list() {
  local before=''
  [[ $_rabta_cur == *,* ]] && before="\${_rabta_cur%,*},"
  mapfile -t COMPREPLY < <(compgen -P "$before" -W "$1" -- "\${_rabta_cur##*,}")
}
_rabta() {
  local _rabta_cur="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local command="\${COMP_WORDS[1]}"
  if (( COMP_CWORD == 1 )); then
    _rabta_words ${quoted([...commands.map(({ name }) => name), '--help', '--version'].join(' '))}
    return
  fi
  # bash parts --option=value into three words.
  if [[ $previous == '=' ]]; then previous="\${COMP_WORDS[COMP_CWORD-2]}"
  elif [[ $_rabta_cur == '=' ]]; then _rabta_cur=''; fi
  case "$command:$previous" in
${values.join('\n')}
  esac
  case "$command" in
${words.join('\n')}
  esac
}
complete -F _rabta rabta
`
}

/** Within a description or a list of `_arguments`. */
const zshText = (text: string): string => text.replaceAll(/[[\]:\\]/g, '\\$&')

const zshScript = (commands: readonly Command[]): string => {
  const names = commands.map(({ name, summary }) => `    ${quoted(`${name}:${zshText(summary)}`)}`)
  const cases = commands.map((command) => {
    const options = optionsOf(command).map(([name, option]) => {
      const what = `--${name}${option.type === 'boolean' ? '' : '='}[${zshText(option.help)}]`
      if (option.type === 'boolean') return what
      const list = option.oneOf?.join(' ')
      const action = list === undefined ? (takesFile(option) ? '_files' : ' ') : `(${list})`
      const values = list !== undefined && option.isList ? `_values -s , ${name} ${list}` : action
      return `${what}:${zshText(option.value ?? name)}:${values}`
    })
    const first = command.firstWords?.join(' ')
    const word = first === undefined ? (readsFile(command) ? '_files' : ' ') : `(${first})`
    const all = [...options, `*:${command.name}:${word}`].map((one) => `        ${quoted(one)}`)
    return `    ${command.name})\n      _arguments \\\n${all.join(' \\\n')} ;;`
  })
  return `#compdef rabta
_rabta() {
  local -a commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _rabta ]]; then _rabta "$@"; else compdef _rabta rabta; fi
`
}

const fishScript = (commands: readonly Command[]): string => {
  const lines = commands.flatMap((command) => {
    const { name, summary } = command
    const within = `-n ${quoted(`__fish_seen_subcommand_from ${name}`)}`
    const first = command.firstWords?.join(' ')
    return [
      `complete -c rabta -f -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...(first === undefined ? [] : [`complete -c rabta -f ${within} -a ${quoted(first)}`]),
      ...(readsFile(command) ? [`complete -c rabta -F ${within}`] : []),
      ...optionsOf(command).map(([option, { type, help, oneOf, value }]) => {
        const values = oneOf === undefined ? '' : ` -a ${quoted(oneOf.join(' '))}`
        const isFile = takesFile({ type, help, ...(value && { value }) })
        const wants = type === 'boolean' ? '' : isFile ? ' -r -F' : ` -x${values}`
        return `complete -c rabta ${within} -l ${option}${wants} -d ${quoted(help)}`
      }),
    ]
  })
  return `# fish completion of rabta\n${lines.join('\n')}\n`
}
