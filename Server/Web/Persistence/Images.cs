using System.Text.Json;
using WebBpf.Kernel.Objects.Journal;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Server.Persistence;

/// <summary>Stored rows as the images that the kernel restores from.</summary>
public static class Images
{
    /// <summary>The word of a kind in the database, never to be changed.</summary>
    public static string Name(DurableKind kind) => kind switch
    {
        DurableKind.Dir => "dir",
        DurableKind.Prog => "prog",
        DurableKind.Map => "map",
        DurableKind.Link => "link",
        DurableKind.Btf => "btf",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown kind"),
    };

    /// <exception cref="FormatException">The row names no kind that there is.</exception>
    public static DurableKind Kind(string name) => name switch
    {
        "dir" => DurableKind.Dir,
        "prog" => DurableKind.Prog,
        "map" => DurableKind.Map,
        "link" => DurableKind.Link,
        "btf" => DurableKind.Btf,
        _ => throw new FormatException($"The store has a node of the unknown kind '{name}'."),
    };

    public static BtfImage Of(BtfRow row) => new(row.Id, row.Raw) { Name = row.Name };

    public static MapImage Of(MapRow row) => new(row.Id, (BpfMapType)row.Type, row.KeySize, row.ValueSize, row.MaxEntries)
    {
        Flags = row.Flags,
        Name = row.Name,
        MapExtra = unchecked((ulong)row.MapExtra),
        NumaNode = row.NumaNode,
        IfIndex = row.IfIndex,
        BtfId = row.BtfId,
        BtfKeyTypeId = row.BtfKeyTypeId,
        BtfValueTypeId = row.BtfValueTypeId,
        BtfVmlinuxValueTypeId = row.BtfVmlinuxValueTypeId,
        InnerMapId = row.InnerMapId,
        Frozen = row.Frozen,
        Cpus = row.Cpus,
        Uid = row.Uid,
    };

    /// <exception cref="JsonException">The references are damaged.</exception>
    public static ProgramImage Of(ProgramRow row) => new(row.Id, (BpfProgType)row.Type, row.Name, row.Insns)
    {
        ExpectedAttachType = (BpfAttachType)row.ExpectedAttachType,
        Flags = row.Flags,
        AttachBtfId = row.AttachBtfId,
        License = row.License,
        References = JsonSerializer.Deserialize<List<ProgramReference>>(row.References) ?? [],
        BtfId = row.BtfId,
        FuncInfo = row.FuncInfo,
        FuncInfoRecSize = row.FuncInfoRecSize,
        LineInfo = row.LineInfo,
        LineInfoRecSize = row.LineInfoRecSize,
        Capabilities = (Capabilities)row.Capabilities,
        Uid = row.Uid,
        LoadedAt = row.LoadedAt,
    };

    public static BpffsNodeImage Of(BpffsRow row) => new(row.Path, Kind(row.Kind), row.ObjectId)
    {
        Mode = row.Mode,
        Uid = row.Uid,
        Gid = row.Gid,
        CreatedAt = row.CreatedAt,
    };
}
