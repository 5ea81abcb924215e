using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Server.Api.Codec;

/// <summary>One call in its binary form: the attr, and the buffers its pointers refer to. Outputs are read from it after the call.</summary>
public sealed class AttrFrame(AttrCommand command, IUserMemory memory)
{
    private readonly List<(AttrField Field, UserBuffer Buffer, int ElementSize)> _outputs = [];

    public AttrCommand Command { get; } = command;
    public byte[] Attr { get; } = new byte[AttrTable.AttrSize];

    /// <summary>The caller's memory, noting what the kernel writes.</summary>
    public WriteNotes Memory { get; } = new(memory);

    /// <summary>Bytes of the attr that are passed: up to the command's last field.</summary>
    public Span<byte> Passed => Attr.AsSpan(0, Command.UsedBytes);

    public ulong Get(AttrField field) => field.Size == 8
        ? BinaryPrimitives.ReadUInt64LittleEndian(Attr.AsSpan(field.Offset))
        : BinaryPrimitives.ReadUInt32LittleEndian(Attr.AsSpan(field.Offset));

    public ulong Get(string name) => Get(Command.Find(name) ?? throw new ArgumentException($"{Command.Command} has no field {name}."));

    public void Set(AttrField field, ulong value)
    {
        if (field.Size == 8)
            BinaryPrimitives.WriteUInt64LittleEndian(Attr.AsSpan(field.Offset), value);
        else
            BinaryPrimitives.WriteUInt32LittleEndian(Attr.AsSpan(field.Offset), (uint)value);
    }

    /// <summary>Has the kernel write to a buffer; <paramref name="elementSize"/> is what one of the counted elements takes.</summary>
    public void AddOutput(AttrField field, UserBuffer buffer, int elementSize)
    {
        Set(field, buffer.Address);
        _outputs.Add((field, buffer, elementSize));
    }

    /// <summary>Adds every output to an answer; of a failed call only those buffers that the kernel wrote to (ENOSPC: it wrote as much as fits).</summary>
    public void WriteOutputs(JsonObject answer, long ret)
    {
        foreach (AttrField field in Command.Fields)
        {
            if (field is { Out: true, IsPointer: false })
                answer[field.Name] = Number(Get(field));
        }

        foreach ((AttrField field, UserBuffer buffer, int elementSize) in _outputs)
        {
            if (field.Extent == AttrExtent.Counted && field.Count == "info_len")
                continue;
            if (ret < 0 && ret != -Errno.ENOSPC && !Memory.Wrote(buffer) && !buffer.Span.ContainsAnyExcept((byte)0))
                continue;
            answer[field.DataName] = Value(field, Filled(field, buffer, elementSize));
        }
    }

    /// <summary>A number as the wire has it: beyond 2^53-1 as a string.</summary>
    public static JsonNode Number(ulong value) => value <= WireJson.MaxExact ? JsonValue.Create(value) : JsonValue.Create(value.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private Span<byte> Filled(AttrField field, UserBuffer buffer, int elementSize)
    {
        if (field.Count is null || field.IsText)
            return buffer.Span;
        ulong count = Get(field.Count) * (ulong)elementSize;
        return buffer.Span[..(int)Math.Min(count, (ulong)buffer.Length)];
    }

    private static JsonNode Value(AttrField field, ReadOnlySpan<byte> bytes)
    {
        if (field.IsText)
        {
            int end = bytes.IndexOf((byte)0);
            return JsonValue.Create(Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]));
        }

        if (!field.HoldsNumbers)
            return JsonValue.Create(Hex.Of(bytes));
        var list = new JsonArray();
        for (int i = 0; i + field.Element <= bytes.Length; i += field.Element)
            list.Add(Number(field.Element == 8 ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[i..]) : BinaryPrimitives.ReadUInt32LittleEndian(bytes[i..])));
        return list;
    }
}

/// <summary>Passes on to the caller's memory and remembers which buffers were written to.</summary>
public sealed class WriteNotes(IUserMemory memory) : IUserMemory
{
    private readonly List<(ulong Address, int Length)> _written = [];

    public bool TryRead(ulong address, Span<byte> destination) => memory.TryRead(address, destination);

    public bool TryWrite(ulong address, ReadOnlySpan<byte> source)
    {
        if (!memory.TryWrite(address, source))
            return false;
        if (_written.Count < 4096)
            _written.Add((address, source.Length));
        return true;
    }

    public bool Covers(ulong address, ulong length) => memory.Covers(address, length);

    public bool Wrote(UserBuffer buffer) => _written.Exists(w => w.Address - buffer.Address <= (ulong)buffer.Length);
}
