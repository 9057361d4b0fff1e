import type { Target } from '#tests/fuzz/target.ts'
import { AVRO_TARGETS } from '#tests/fuzz/targets/avro.ts'
import { DIRECTORY_TARGETS } from '#tests/fuzz/targets/directory.ts'
import { FORMAT_TARGETS } from '#tests/fuzz/targets/formats.ts'
import { FRAME_TARGETS } from '#tests/fuzz/targets/frames.ts'
import { TEXT_TARGETS } from '#tests/fuzz/targets/texts.ts'
import { TLOG_TARGETS } from '#tests/fuzz/targets/tlog.ts'
import { TOKEN_TARGETS } from '#tests/fuzz/targets/tokens.ts'

/** Everything that takes bytes from strangers and needs no running hub. */
export const TARGETS: readonly Target[] = [
  ...AVRO_TARGETS,
  ...FRAME_TARGETS,
  ...DIRECTORY_TARGETS,
  ...FORMAT_TARGETS,
  ...TLOG_TARGETS,
  ...TOKEN_TARGETS,
  ...TEXT_TARGETS,
]
