"""The plugin process that serves a stack's dynamic resources, in place of Pulumi's own.

The protocol, in a page. The engine (the `pulumi` process) starts one plugin for all dynamic resources of a stack. The
engine runs `pulumi-resource-pulumi-python [flags] ENGINE_ADDRESS` in the program's folder, and reads one line with a
port from the plugin's stdout. On the port the engine speaks gRPC, the service `pulumirpc.ResourceProvider`:

    Configure   once: the stack's whole config
    Check       inputs -> inputs, failures          } in every preview, and again in every up
    Diff        old outputs, inputs -> what changes }
    Create, Update, Delete, Read                    one step each, with `preview` in a preview (Create, Update)
    Cancel      the user pressed Ctrl-C, or the run is over

The property `__provider` of a dynamic resource is a pickle of the resource's provider. So the plugin knows no resource
types. For each call, the plugin unpickles the provider and calls the method of the same name. The plugin adds
`__provider` to the result, because the next call needs the provider again.

Differences to Pulumi's own process:

- A provider with `uses_operation = True` can ask for the operation (`operation.current()`): URN, timeout, preview or
  not, a cancel event, a row for progress, a checkpoint. The provider is called in previews, runs any number of calls at
  once, and supports import. All other providers are served as by Pulumi's own process: four calls at a time, and
  previews return the inputs.
- An error may carry state. The response is then an error with an `ErrorResourceInitFailed` in the details. The engine
  saves the id and the properties, shows the reasons, and calls `Update` at the next `pulumi up` until an update
  succeeds. The state travels in trailers of limited size. If the state is too large, the provider's optional method
  `smaller(outputs)` yields smaller and smaller states.
- `Cancel` sets an event. After half a second, a method that has not ended gets a result from the last checkpoint. So
  the engine gets a result for each step, and no step stays pending.
- An expected error shows its message only. A traceback goes to the engine's debug log.
- A note about the whole run (`Operation.note_at_end`) is shown once, at `Cancel`.
- The process ends with the engine, even if the engine is killed.

Files: `server` (the process), `servicer` (the RPCs), `step` (one request and its errors), `providers` (the provider of
a request: the one seam), `calls` (methods in threads), `cancellation` (Ctrl-C), `engine` (rows and log lines), `wire`
(protobuf), `operation` (the providers' view), `address` (the form of the engine's address). The launcher, a shell
script, finds the program's Python. `commands`, `install`, `project` and `trial` adopt this host in a user's project.
Without this host the resources work too, on Pulumi's own.
"""
