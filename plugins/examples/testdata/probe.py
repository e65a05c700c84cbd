"""A plugin that does what a test asks it to."""

import logging
import os

import muster

messages = muster.messages


class Probe(muster.Plugin):
    name = "probe"
    version = "1"
    settings = [
        muster.setting("words", "list", default=["a", "b"]),
        muster.setting("mode", one_of=["calm", "broken"], default="calm"),
        muster.setting("key", secret=True),
    ]

    def start(self, settings):
        self.given = settings
        if settings["mode"] == "broken":
            raise RuntimeError("the ratings cannot be read")

    def stop(self):
        logging.info("stopped well")

    def rpc(self, request, call):
        if request.name == "echo":
            out = messages.RpcResponse()
            out.payload.CopyFrom(request.payload)
            return out
        if request.name == "context":
            out = messages.RpcResponse()
            out.payload.string_value = "%s %s %s" % (call.game, call.hook, ",".join(self.given["words"]))
            return out
        if request.name == "nothing":
            return None
        if request.name == "invalid":
            raise muster.Refuse("malformed", invalid=True)
        if request.name == "unreachable":
            raise muster.Unreachable("no route")
        if request.name == "wrong type":
            return "text"
        if request.name == "bug":
            return {}["missing " + self.given["key"] + "x" * 10000 + "\udcff"]
        if request.name == "crash":
            os.abort()
        raise muster.UnknownRpc()

    def assign_team(self, request, call):
        print("printed by the author")
        return messages.AssignTeamResponse(team=request.lobby.teams[-1].name)


if __name__ == "__main__":
    muster.serve(Probe())
