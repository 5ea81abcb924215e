using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api.Maps;

/// <summary>Keys and values as JSON, by the map's BTF.</summary>
public sealed class EntryFormat
{
    private static readonly EntryFormat None = new();

    public static EntryFormat Of(Desk desk, int fd, MapInfo map) => None;

    /// <summary>Null where the map has no types.</summary>
    public FormattedEntry? Format(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => null;

    public FormattedEntry? FormatPerCpu(ReadOnlySpan<byte> key, ReadOnlySpan<byte> values, int stride, int size) => null;
}
