// Runs the shared vectors and those of the JSON reader:
//   dotnet run --project vectors -- TICKETS.JSON
//   mcs -out:vectors.exe MusterTicket.cs vectors/Program.cs && mono vectors.exe TICKETS.JSON
using System;
using System.Collections.Generic;
using System.IO;

static class Vectors
{
    static readonly Dictionary<string, string> Codes = new Dictionary<string, string>
    {
        ["ok"] = "", ["invalid"] = "ticket_invalid", ["expired"] = "ticket_expired",
        ["other_match"] = "ticket_other_match", ["no_key"] = "no_ticket_key",
    };

    // JSON texts and what they are; "none": no JSON. Lists and objects are told by
    // how much is in them.
    static readonly string[,] Texts =
    {
        { "\"\"", "" }, { " \"a\" ", "a" }, { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" }, { "\"\\u00e9\\uD83D\\udE00\"", "é😀" },
        { "0", "0" }, { "-0.5e+1", "-5" }, { "12E-1", "1.2" }, { "1e999", "Infinity" }, { "true", "True" }, { "false", "False" },
        { "[]", "list 0" }, { "[1, [2], null]", "list 3" }, { "{}", "object 0" }, { "{\"a\" : 1,\"b\":{}}", "object 2" }, { "{\"a\":1,\"a\":2}", "object 1" },
        { "", "none" }, { " ", "none" }, { "1 2", "none" }, { "01", "none" }, { "1.", "none" }, { ".5", "none" }, { "+1", "none" }, { "-", "none" }, { "1e", "none" },
        { "NaN", "none" }, { "tru", "none" }, { "TRUE", "none" }, { "truefalse", "none" }, { "'a'", "none" }, { "\"a", "none" }, { "\"\\x\"", "none" },
        { "\"\\u00g0\"", "none" }, { "\"\\u00", "none" }, { "\"\n\"", "none" }, { "\"\\", "none" }, { "[", "none" }, { "[1", "none" }, { "[1,]", "none" }, { "[,1]", "none" }, { "[1 2]", "none" },
        { "{", "none" }, { "{a:1}", "none" }, { "{\"a\"}", "none" }, { "{\"a\":}", "none" }, { "{\"a\":1,}", "none" }, { "{\"a\":1", "none" }, { "{1:1}", "none" }, { "]", "none" },
        { new string('[', 32) + new string(']', 32), "list 1" }, { new string('[', 33) + new string(']', 33), "none" }, { new string('[', 1000000), "none" },
    };

    static int total, failed;

    static int Main(string[] args)
    {
        for (int i = 0; i < Texts.GetLength(0); i++) Hold(Texts[i, 0], Texts[i, 1], Shown(MusterJson.Read(Texts[i, 0])));
        var cases = (List<object>)MusterJson.Read(File.ReadAllText(args[0]));
        foreach (Dictionary<string, object> c in cases)
        {
            string key = (string)c["ticketKey"], game = (string)c["game"], match = (string)c["matchId"];
            Hold(c, () => new MusterTicket(key, game, match));
            Hold(c, () => MusterTicket.FromPayload("{\"ticketKey\":\"" + key + "\",\"game\":\"" + game + "\",\"more\":[{}],\"matchId\":\"" + match + "\"}"));
        }
        foreach (string payload in new[] { null, "", "[]", "{", "{\"ticketKey\":1}" })
            Hold("payload " + payload, "no_ticket_key", Outcome(() => { MusterTicket.FromPayload(payload); return ""; }));
        Console.WriteLine("vectors: " + total + " failed: " + failed);
        return failed > 0 || cases.Count == 0 ? 1 : 0;
    }

    // Hold holds one vector against the check that make makes.
    static void Hold(Dictionary<string, object> c, Func<MusterTicket> make)
    {
        string want = Codes[(string)c["want"]];
        if (want == "")
        {
            var p = (Dictionary<string, object>)c["player"];
            var claims = (Dictionary<string, object>)c["claims"];
            want = p["accountId"] + "/" + p["name"] + "/" + p["team"] + "/" + claims["exp"];
        }
        var now = DateTimeOffset.FromUnixTimeMilliseconds((long)(double)c["now"]);
        Hold((string)c["name"], want, Outcome(() =>
        {
            MusterPlayer p = make().Check((string)c["token"], now);
            return p.AccountId + "/" + p.Name + "/" + p.Team + "/" + p.Expires.ToUnixTimeSeconds();
        }));
    }

    static void Hold(string name, string want, string got)
    {
        total++;
        if (got == want) return;
        failed++;
        Console.WriteLine("FAILED " + (name.Length > 60 ? name.Substring(0, 60) : name) + ": want " + want + ", got " + got);
    }

    static string Outcome(Func<string> f)
    {
        try { return f(); }
        catch (MusterTicketException e) { return e.Code; }
    }

    static string Shown(object value)
    {
        if (value is List<object> list) return "list " + list.Count;
        if (value is Dictionary<string, object> o) return "object " + o.Count;
        return value == null ? "none" : Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture);
    }
}
