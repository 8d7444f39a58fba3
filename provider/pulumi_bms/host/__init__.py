"""The plugin process that serves a stack's dynamic resources, in place of Pulumi's own.

The protocol, in a page. The engine (the `pulumi` process) starts one plugin for all dynamic resources of a stack: it
runs `pulumi-resource-pulumi-python [flags] ENGINE_ADDRESS` in the program's folder and reads one line with a port from
its stdout. On that port it then speaks gRPC, the service `pulumirpc.ResourceProvider`:

    Configure   once: the stack's whole config
    Check       inputs -> inputs, failures          } in every preview, and again in every up
    Diff        old outputs, inputs -> what changes }
    Create, Update, Delete, Read                    one step each; in a preview Create and Update come with `preview`
    Cancel      the user pressed Ctrl-C, or the run is over

A dynamic resource carries its provider with it: the property `__provider` is a pickle of it. So the plugin knows no
resource types; it unpickles, calls the method of that name, and adds `__provider` to what comes back, or the next
call could not be served.

What this process does, and the stock one does not:

- A provider that says `uses_operation = True` can ask for its operation (`operation.current()`): URN, timeout, preview
  or not, a cancel event, a row to report on, a checkpoint. It is called in previews, gets as many calls at once as
  the engine sends, and may be imported. Every other provider is served as the stock host would: four calls at a time,
  previews answered with the inputs.
- An error may carry state. The answer is then an error whose details hold an `ErrorResourceInitFailed`: the engine
  saves its id and properties, shows its reasons, and calls `Update` at the next `pulumi up` until that succeeds. The
  state travels in trailers, which have a limit: where it is too large, the provider's method `smaller(outputs)`, if
  there is one, yields what to keep instead, less and less.
- `Cancel` sets an event. What a provider does not end itself by half a second later is answered for from its last
  checkpoint, so the engine gets a result for each step and nothing is left pending.
- An expected error is its own message; a traceback goes to the engine's debug log.
- A note about the run as a whole (`Operation.note_at_end`) is told once, when `Cancel` comes.
- The process ends when the engine does, however that ended.

Files: `server` (the process), `servicer` (the RPCs), `step` (one request, and the errors it may end with), `providers`
(which provider serves a request: the one seam), `calls` (threads, cancel, checkpoints), `engine` (rows and log lines),
`wire` (protobuf), `operation` (what providers see); the launcher, a shell script, finds the program's Python, and
`commands`, `install`, `project` and `trial` adopt this host in a user's project. Without this host the resources work
too, on Pulumi's own.
"""
