using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Server.Api.Codec;

/// <summary>
/// BPF_OBJ_GET_INFO_BY_FD for JSON: asks once for the counts, then again with room behind every pointer of the info, and writes all
/// fields by their C names.
/// </summary>
public static class InfoCodec
{
    /// <summary>At least as large as every info struct.</summary>
    public const int Largest = 256;

    /// <summary>Bytes that one array inside an info may take; a longer one is left out.</summary>
    private const long MaxArray = 32 << 20;

    /// <summary>The info of the object behind an fd, or null with the error of the call.</summary>
    public static JsonObject? Read(IBpfBackend backend, UserMemoryArena arena, BpfCall call, int fd, ObjectKind kind, out long ret)
    {
        (IReadOnlyList<AttrField> fields, int size) = InfoTable.Of(kind);
        UserBuffer info = arena.Allocate(Math.Max(size, 8));
        ret = Ask(backend, arena, call, fd, info);
        if (ret < 0)
            return null;

        var arrays = new List<(AttrField Field, UserBuffer Buffer)>();
        byte[] counts = info.Span.ToArray();
        info.Span.Clear();

        // Record sizes are checked against the kernel's own wherever records are counted (set_info_rec_size in kernel/bpf/syscall.c).
        foreach (AttrField recSize in fields.Where(f => f.Name.EndsWith("_rec_size", StringComparison.Ordinal)))
            Copy(fields, recSize.Name, counts, info.Span);
        foreach (AttrField field in fields.Where(f => f.IsPointer))
        {
            long bytes = (long)Count(fields, field, counts) * field.Element;
            if (bytes is 0 or > MaxArray)
                continue;
            UserBuffer buffer = arena.Allocate(bytes + (field.IsText ? 1 : 0));
            BinaryPrimitives.WriteUInt64LittleEndian(info.Span[field.Offset..], buffer.Address);
            Copy(fields, field.Count!, counts, info.Span, extra: field.IsText ? 1u : 0u);
            arrays.Add((field, buffer));
        }

        if (arrays.Count > 0)
        {
            ret = Ask(backend, arena, call, fd, info);
            if (ret < 0)
                return null;
        }
        else
        {
            counts.CopyTo(info.Span);
        }

        return Write(fields, info.Span, arrays);
    }

    private static long Ask(IBpfBackend backend, UserMemoryArena arena, BpfCall call, int fd, UserBuffer info)
    {
        Span<byte> attr = stackalloc byte[16];
        BinaryPrimitives.WriteInt32LittleEndian(attr, fd);
        BinaryPrimitives.WriteInt32LittleEndian(attr[4..], info.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(attr[8..], info.Address);
        return backend.Bpf(BpfCommand.ObjGetInfoByFd, attr, arena, call);
    }

    private static JsonObject Write(IReadOnlyList<AttrField> fields, ReadOnlySpan<byte> info, List<(AttrField Field, UserBuffer Buffer)> arrays)
    {
        var json = new JsonObject();
        foreach (AttrField field in fields)
        {
            ReadOnlySpan<byte> bytes = info.Slice(field.Offset, field.Size);
            if (!field.IsPointer)
            {
                json[field.Name] = Scalar(field, bytes);
                continue;
            }

            int index = arrays.FindIndex(a => a.Field == field);
            UserBuffer? buffer = index < 0 ? null : arrays[index].Buffer;
            long filled = buffer is null ? 0 : Math.Min(buffer.Length, (long)Count(fields, field, info) * field.Element);
            json[field.Name] = Array(field, buffer is null ? default : buffer.Span[..(int)filled]);
        }

        return json;
    }

    private static JsonNode Scalar(AttrField field, ReadOnlySpan<byte> bytes) => field.Kind switch
    {
        AttrKind.Chars => JsonValue.Create(Text(bytes)),
        AttrKind.Bytes => JsonValue.Create(Hex.Of(bytes)),
        _ => AttrFrame.Number(field.Size == 8 ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes)),
    };

    private static JsonNode Array(AttrField field, ReadOnlySpan<byte> bytes)
    {
        if (field.IsText)
            return JsonValue.Create(Text(bytes));
        if (!field.HoldsNumbers)
            return JsonValue.Create(Hex.Of(bytes));
        var list = new JsonArray();
        for (int i = 0; i + field.Element <= bytes.Length; i += field.Element)
            list.Add(AttrFrame.Number(field.Element == 8 ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[i..]) : BinaryPrimitives.ReadUInt32LittleEndian(bytes[i..])));
        return list;
    }

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    private static uint Count(IReadOnlyList<AttrField> fields, AttrField field, ReadOnlySpan<byte> info) => U32(fields, field.Count!, info);

    private static uint U32(IReadOnlyList<AttrField> fields, string name, ReadOnlySpan<byte> info) =>
        BinaryPrimitives.ReadUInt32LittleEndian(info[fields.First(f => f.Name == name).Offset..]);

    private static void Copy(IReadOnlyList<AttrField> fields, string name, ReadOnlySpan<byte> from, Span<byte> to, uint extra = 0) =>
        BinaryPrimitives.WriteUInt32LittleEndian(to[fields.First(f => f.Name == name).Offset..], U32(fields, name, from) + extra);
}
