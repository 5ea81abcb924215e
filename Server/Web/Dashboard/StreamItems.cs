using System.Text.Json.Nodes;
using WebBpf.Kernel.Observe;
using WebBpf.Server.Api;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Dashboard;

/// <summary>Items of streams as the wire has them.</summary>
internal static class StreamItems
{
    public static JsonObject Of(MapChange change) => new()
    {
        ["seq"] = change.Seq,
        ["at"] = change.At,
        ["op"] = change.Op.ToString().ToLowerInvariant(),
        ["key"] = Hex.Of(change.Key),
        ["old_value"] = change.Old is null ? null : Hex.Of(change.Old),
        ["new_value"] = change.New is null ? null : Hex.Of(change.New),
        ["by"] = new JsonObject { ["kind"] = change.By.Kind, ["id"] = change.By.Id, ["name"] = change.By.Name },
    };

    public static JsonObject Of(long seq, IEnumerable<ProgramInfo?> programs) => new()
    {
        ["seq"] = seq,
        ["at"] = DateTimeOffset.UtcNow,
        ["programs"] = new JsonArray([.. programs.OfType<ProgramInfo>().Select(p => new JsonObject
        {
            ["id"] = p.Id, ["name"] = p.Name, ["run_cnt"] = p.RunCnt, ["run_time_ns"] = p.RunTimeNs, ["recursion_misses"] = p.RecursionMisses,
        })]),
    };
}
