// Writes an instructed run of the workflow into its log: calls of its operations and roles, and nothing else.
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

const FOLDER = fileURLToPath(new URL(".", import.meta.url))
const OURS = (tool, args) => tool.startsWith("@SERVER@_") || (tool === "task" && `${args?.subagent_type}`.startsWith("@SLUG@-"))

const tell = (message) =>
  new Promise((done) => {
    const hook = spawn("python3", [FOLDER, "hook", "opencode"], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      stdio: ["pipe", "ignore", "inherit"],
    })
    hook.on("error", done) // a log that cannot be written does not stop the session
    hook.on("close", done)
    hook.stdin.on("error", () => {})
    hook.stdin.end(JSON.stringify(message))
  })

export const Lattice = async () => ({
  "tool.execute.after": async (input, output) => {
    if (!OURS(input.tool, input.args)) return
    await tell({
      hook_event_name: "PostToolUse",
      session_id: input.sessionID,
      tool_name: input.tool,
      tool_input: input.args,
      tool_response: output?.output ?? null,
    })
  },
})
