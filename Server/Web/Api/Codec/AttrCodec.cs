using System.Text.Json;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Server.Api.Codec;

/// <summary>Sizes of a map's key and value as the system call sees them, bytes.</summary>
public readonly record struct MapShape(uint KeySize, uint ValueSize);

/// <summary>
/// JSON to union bpf_attr and back, driven by <see cref="AttrTable"/>: pointer fields hold their data, counts and sizes follow from the
/// data where none is given, and output buffers are made as large as the call may fill them.
/// </summary>
public static class AttrCodec
{
    private const int DefaultLog = 16 << 20;
    private const int DefaultText = 4096;

    /// <summary>How much longer than its input a packet may become in a test run that names no output size.</summary>
    private const int PacketRoom = 65536 + 512;

    /// <exception cref="ApiException">400 naming the field.</exception>
    public static AttrFrame Encode(AttrCommand command, JsonElement body, UserMemoryArena arena, Func<int, MapShape?> shapeOf)
    {
        var frame = new AttrFrame(command, arena);
        Dictionary<string, JsonElement> given = Flatten(command, body);
        foreach (AttrField field in command.Fields)
        {
            if (!field.IsPointer && given.TryGetValue(field.Name, out JsonElement value) && value.ValueKind != JsonValueKind.Null)
                FieldReader.Scalar(field, value, frame.Attr);
        }

        MapShape? shape = command.Find("map_fd") is { Kind: AttrKind.Fd } mapFd && NeedsShape(command) ? shapeOf((int)frame.Get(mapFd)) : null;
        foreach (AttrField field in command.Fields.Where(f => f.Kind == AttrKind.PointerIn))
            Input(frame, field, given, arena, shape);
        foreach (AttrField field in command.Fields.Where(f => f.Kind == AttrKind.PointerOut))
            Output(frame, field, given, arena, shape);
        return frame;
    }

    /// <summary>Members by the names of the table; nested members get dotted names.</summary>
    private static Dictionary<string, JsonElement> Flatten(AttrCommand command, JsonElement body)
    {
        var given = new Dictionary<string, JsonElement>();
        foreach (JsonProperty member in body.EnumerateObject())
        {
            if (Knows(command, member.Name))
            {
                given[member.Name] = member.Value;
            }
            else if (member.Value.ValueKind == JsonValueKind.Object && command.Fields.Any(f => f.Name.StartsWith(member.Name + ".", StringComparison.Ordinal)))
            {
                foreach (JsonProperty inner in member.Value.EnumerateObject())
                {
                    string name = $"{member.Name}.{inner.Name}";
                    given[name] = Knows(command, name) ? inner.Value : throw Unknown(command, name);
                }
            }
            else
            {
                throw Unknown(command, member.Name);
            }
        }

        return given;
    }

    private static bool Knows(AttrCommand command, string name) => command.Fields.Any(f => f.DataName == name);

    private static ApiException Unknown(AttrCommand command, string name) =>
        ApiException.Bad(name, $"{UapiName.Of(command.Command)} has no such field.");

    private static bool NeedsShape(AttrCommand command) =>
        command.Fields.Any(f => f.Extent is AttrExtent.MapKey or AttrExtent.MapValue or AttrExtent.MapKeys or AttrExtent.MapValues or AttrExtent.BatchCursor);

    private static void Input(AttrFrame frame, AttrField field, Dictionary<string, JsonElement> given, UserMemoryArena arena, MapShape? shape)
    {
        if (!given.TryGetValue(field.DataName, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            return;
        byte[] data = FieldReader.Data(field, value);
        frame.Set(field, arena.Copy(data));
        if (field.Count is not { } counter || given.ContainsKey(counter) || field.Extent == AttrExtent.BatchCursor)
            return;
        AttrField count = frame.Command.Find(counter) ?? throw new InvalidOperationException($"{field.Name} is counted by {counter}, which is no field.");
        if (frame.Get(count) != 0 && field.Extent != AttrExtent.Counted)
            return;
        int size = ElementSize(frame, field, given, shape);
        if (size == 0)
            return;
        if (data.Length % size != 0 && field.Extent is AttrExtent.Counted)
            throw ApiException.Bad(field.DataName, $"{data.Length} bytes are no multiple of {size}.");

        // fd_array_cnt 0 is the older form of the array, which the program indexes itself; a count would make the kernel bind all of it.
        if (!field.HoldsFds)
            frame.Set(count, (ulong)(data.Length / size));
    }

    private static int ElementSize(AttrFrame frame, AttrField field, Dictionary<string, JsonElement> given, MapShape? shape)
    {
        switch (field.Extent)
        {
            case AttrExtent.MapKeys:
                return (int)(shape?.KeySize ?? 0);
            case AttrExtent.MapValues:
                return (int)(shape?.ValueSize ?? 0);
            case AttrExtent.Records:
                AttrField size = frame.Command.Find(field.RecordSize!)!;
                if (!given.ContainsKey(size.Name))
                    frame.Set(size, field.Name == "func_info" ? 8u : 16u);
                return (int)Math.Min(frame.Get(size), int.MaxValue);
            default:
                return field.Element;
        }
    }

    private static void Output(AttrFrame frame, AttrField field, Dictionary<string, JsonElement> given, UserMemoryArena arena, MapShape? shape)
    {
        bool named = given.TryGetValue(field.DataName, out JsonElement value);
        if (named && value.ValueKind == JsonValueKind.Null)
            return;
        byte[]? content = named && field.Extent == AttrExtent.MapValue ? FieldReader.Data(field, value) : null;
        if (named && content is null)
            throw ApiException.Bad(field.DataName, "this is an output.");
        (long bytes, int element) = OutputSize(frame, field, given, shape);
        if (bytes < 0)
            return;
        UserBuffer buffer = arena.Allocate(Math.Max(bytes, content?.Length ?? 0));
        content?.CopyTo(buffer.Span);
        frame.AddOutput(field, buffer, element);
    }

    /// <summary>Bytes of the buffer (negative for none: the pointer stays NULL) and of one element in it.</summary>
    private static (long Bytes, int Element) OutputSize(AttrFrame frame, AttrField field, Dictionary<string, JsonElement> given, MapShape? shape)
    {
        switch (field.Extent)
        {
            case AttrExtent.MapKey:
                return shape is { } k ? (k.KeySize, 1) : (-1, 1);
            case AttrExtent.MapValue:
                return shape is { } v ? (v.ValueSize, 1) : (-1, 1);
            case AttrExtent.BatchCursor:
                return shape is { } c ? (Math.Max(4, c.KeySize), 1) : (-1, 1);
            case AttrExtent.MapKeys:
                return shape is { } ks ? ((long)(frame.Get(field.Count!) * ks.KeySize), (int)ks.KeySize) : (-1, 1);
            case AttrExtent.MapValues:
                return shape is { } vs ? ((long)(frame.Get(field.Count!) * vs.ValueSize), (int)vs.ValueSize) : (-1, 1);
            default:
                return CountedOutput(frame, field, given);
        }
    }

    private static (long Bytes, int Element) CountedOutput(AttrFrame frame, AttrField field, Dictionary<string, JsonElement> given)
    {
        AttrField count = frame.Command.Find(field.Count!)!;
        switch (field.Name)
        {
            case "log_buf" or "btf_log_buf":
                AttrField level = frame.Command.Find(field.Name == "log_buf" ? "log_level" : "btf_log_level")!;
                if (frame.Get(level) == 0)
                    return (-1, 1);
                if (!given.ContainsKey(count.Name))
                    frame.Set(count, DefaultLog);
                break;
            case "data_out" when !given.ContainsKey(count.Name):
                // A size of 0 behind a pointer asks for all there is (bpf_test_finish in net/bpf/test_run.c).
                AttrField input = frame.Command.Find("data_size_in")!;
                return frame.Get("data_in") == 0 ? (-1, 1) : ((long)frame.Get(input) + PacketRoom, 1);
            case "info" when !given.ContainsKey(count.Name):
                frame.Set(count, InfoCodec.Largest);
                break;
            case "buf" or "stream_buf" when !given.ContainsKey(count.Name):
                frame.Set(count, DefaultText);
                break;
            case "prog_attach_flags" when (frame.Get("query_flags") & 1) != 0:
                // Refused together with BPF_F_QUERY_EFFECTIVE.
                return (-1, 1);
        }

        ulong elements = frame.Get(count);
        return elements == 0 ? (-1, field.Element) : ((long)(elements * (ulong)field.Element), field.Element);
    }
}
