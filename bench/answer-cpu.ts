/**
 * Loaded into a process that is measured, before its own code: tells the parent how much CPU and
 * memory it has used, whenever the parent asks, and ends the process when the parent is gone.
 */
process.on('message', () => {
  process.send?.({ cpu: process.cpuUsage(), rssKib: process.resourceUsage().maxRSS })
})
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
// The channel alone must not keep a service running that was told to stop.
process.channel?.unref()
