import { type Command, EXIT } from '#clients/cli/command.ts'
import { completionScript, isShell, SHELLS } from '#clients/cli/completion.ts'

/** Made with the commands that it completes, of which it is one. */
export const completionCommand = (commands: () => readonly Command[]): Command => ({
  name: 'completion',
  summary: 'Print what makes a shell complete commands, options and values.',
  words: SHELLS.join(' | '),
  firstWords: SHELLS,
  wordsMin: 1,
  wordsMax: 1,
  options: {},
  examples: [
    'rabta completion bash > ~/.local/share/bash-completion/completions/rabta',
    'rabta completion zsh > ~/.zsh/completions/_rabta',
    'rabta completion fish > ~/.config/fish/completions/rabta.fish',
  ],
  run: async (given, io) => {
    const [shell = ''] = given.words
    if (!isShell(shell)) return EXIT.usage
    io.out(completionScript(shell, commands()))
    return EXIT.ok
  },
})
