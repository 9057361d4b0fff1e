import type { Command } from '#clients/cli/command.ts'
import { accessLogCommand } from '#clients/cli/commands/access-log.ts'
import { agencyCommand } from '#clients/cli/commands/agency.ts'
import { alertCommand } from '#clients/cli/commands/alert.ts'
import { backupCommand } from '#clients/cli/commands/backup.ts'
import { completionCommand } from '#clients/cli/commands/completion.ts'
import { configCommand } from '#clients/cli/commands/config.ts'
import { demoCommand } from '#clients/cli/commands/demo.ts'
import { directoryCommand } from '#clients/cli/commands/directory.ts'
import { doctorCommand } from '#clients/cli/commands/doctor.ts'
import { feedCommand } from '#clients/cli/commands/feed.ts'
import { fsckCommand } from '#clients/cli/commands/fsck.ts'
import { importCommand } from '#clients/cli/commands/import.ts'
import { initCommand } from '#clients/cli/commands/init.ts'
import { keyCommand } from '#clients/cli/commands/key.ts'
import { policyCommand } from '#clients/cli/commands/policy.ts'
import { previewCommand } from '#clients/cli/commands/preview.ts'
import { principalCommand } from '#clients/cli/commands/principal.ts'
import { publishCommand } from '#clients/cli/commands/publish.ts'
import { recallCommand } from '#clients/cli/commands/recall.ts'
import { restoreCommand } from '#clients/cli/commands/restore.ts'
import { rootCommand } from '#clients/cli/commands/root.ts'
import { sealCommand } from '#clients/cli/commands/seal.ts'
import { serveCommand } from '#clients/cli/commands/serve.ts'
import { verifyCommand } from '#clients/cli/commands/verify.ts'

/** Every command of `rabta`, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  demoCommand,
  initCommand,
  serveCommand,
  previewCommand,
  publishCommand,
  recallCommand,
  importCommand,
  feedCommand,
  alertCommand,
  accessLogCommand,
  directoryCommand,
  agencyCommand,
  principalCommand,
  keyCommand,
  rootCommand,
  sealCommand,
  policyCommand,
  verifyCommand,
  backupCommand,
  restoreCommand,
  fsckCommand,
  doctorCommand,
  configCommand,
  completionCommand(() => COMMANDS),
]
