using System.Collections.Frozen;

namespace WebBpf.Kernel.Uapi;

/// <summary>
/// Union bpf_attr of 6.18, command by command. This one table drives the JSON mapping, the check of unused bytes, the translation of
/// file descriptors and the tests, which hold it against the machine's BTF.
/// </summary>
public static partial class AttrTable
{
    /// <summary>sizeof(union bpf_attr) in 6.18.</summary>
    public const int AttrSize = 168;

    private static readonly FrozenDictionary<BpfCommand, AttrCommand> All =
        MapCommands().Concat(ObjectCommands()).Concat(ProgramCommands()).Concat(LinkCommands()).ToFrozenDictionary(c => c.Command);

    public static IReadOnlyCollection<AttrCommand> Commands => All.Values;

    /// <summary>The fields of a command; null for numbers that 6.18 does not know.</summary>
    public static AttrCommand? Find(BpfCommand command) => All.GetValueOrDefault(command);

    private static AttrField U32(string name, int offset) => new(name, offset, 4, AttrKind.U32);

    private static AttrField S32(string name, int offset) => new(name, offset, 4, AttrKind.S32);

    private static AttrField U64(string name, int offset) => new(name, offset, 8, AttrKind.U64);

    private static AttrField Fd(string name, int offset) => new(name, offset, 4, AttrKind.Fd);

    private static AttrField Enum<TEnum>(string name, int offset)
        where TEnum : struct, Enum => new(name, offset, 4, AttrKind.Enum) { Enum = typeof(TEnum) };

    private static AttrField Chars(string name, int offset, int size) => new(name, offset, size, AttrKind.Chars);

    private static AttrField In(string name, int offset, AttrExtent extent, string? count = null) =>
        new(name, offset, 8, AttrKind.PointerIn) { Extent = extent, Count = count };

    private static AttrField Out(string name, int offset, AttrExtent extent, string? count = null) =>
        new(name, offset, 8, AttrKind.PointerOut) { Extent = extent, Count = count, Out = true };

    private static AttrField Text(string name, int offset) => In(name, offset, AttrExtent.Text) with { IsText = true };
}
