#!/usr/bin/env python3
"""Refuses to start a match whose teams are of unequal size.

Those who sit in a team that is too large are told how many of them are too many.
"""

import logging

import muster

log = logging.getLogger("teams")


class EqualTeams(muster.Plugin):
    name = "python-validate"
    version = "1.0.0"
    doc = "Refuses to start a match whose teams are of unequal size."
    settings = [
        muster.setting(
            "max_difference", "number", default=0,
            doc="By how many players the largest team may exceed the smallest."),
    ]

    def start(self, settings):
        most = settings["max_difference"]
        if most < 0 or most != int(most):
            raise muster.BadSetting("max_difference", "is not a whole number from 0 on")
        self.most = int(most)

    def validate_start(self, request, call):
        teams = request.lobby.teams
        if not teams:
            return
        smallest = min(len(team.players) for team in teams)
        reasons = {}
        for team in teams:
            extra = len(team.players) - smallest - self.most
            if extra > 0:
                for player in team.players:
                    reasons[player.account_id] = f"Your team {team.name} has {extra} too many."
        if reasons:
            log.info("refused a start", extra={"game": call.game, "lobby": request.lobby.id})
            raise muster.Refuse("The teams are not of equal size.", reasons)


if __name__ == "__main__":
    muster.serve(EqualTeams())
