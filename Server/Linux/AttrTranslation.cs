using System.Buffers.Binary;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Linux;

/// <summary>
/// Makes a caller's attr fit for the machine's kernel: descriptors become those of this process, pointers whose data is not the
/// caller's become one that faults (so that the kernel's own order of checks decides the errno), and data that itself holds descriptors or
/// pointers is copied and translated. References on the objects are held until the call is over.
/// </summary>
internal sealed class AttrTranslation(AttrCommand command, byte[] attr, IUserMemory memory, FdTable fds) : IDisposable
{
    /// <summary>Not canonical on any of our machines: copies from and to it give EFAULT.</summary>
    internal const ulong BadPointer = 0xdead_0000_0000_0000;

    // What bpf_check_uarg_tail_zero and PATH_MAX allow texts to be.
    private const int MaxText = 4096;

    private readonly FdTranslation _fds = new(fds);
    private readonly Bounces _bounces = new(memory);
    private LinuxMapShape? _map;

    /// <summary>Translates the attr in place. Returns what cannot be translated, in words, or null.</summary>
    public string? Prepare()
    {
        if (command.Find("map_fd") is { } mapFd && command.Command != BpfCommand.ProgBindMap)
            _map = (_fds.Object(S32(mapFd)) as LinuxObject)?.Shape;
        if (command.Command == BpfCommand.LinkCreate && Number("iter_info_len") != 0 && U64(command.Find("iter_info")!) != 0 && IsIterator())
            return "iter_info on the machine's kernel";

        // Data first, while counts and descriptors still are the caller's.
        var translated = new Dictionary<int, ulong>();
        foreach (AttrField field in command.Fields.Where(f => f.IsPointer && Applies(f)))
            translated[field.Offset] = Pointer(field);
        var done = new Dictionary<int, int>();
        foreach (AttrField field in command.Fields.Where(IsFd))
            done[field.Offset] = _fds.Native(S32(field));
        foreach ((int offset, ulong pointer) in translated)
            BinaryPrimitives.WriteUInt64LittleEndian(attr.AsSpan(offset), pointer);
        foreach ((int offset, int fd) in done)
            BinaryPrimitives.WriteInt32LittleEndian(attr.AsSpan(offset), fd);
        return null;
    }

    /// <summary>Brings what the kernel wrote into copies to the caller; EFAULT where it cannot.</summary>
    public long CopyBack(long result) => _bounces.CopyBack(attr, result);

    public void Dispose()
    {
        _bounces.Dispose();
        _fds.Dispose();
    }

    private bool IsIterator() => Number("attach_type") == (uint)BpfAttachType.TraceIter;

    // Members of link_create's union share bytes: only those of the attach type at hand mean anything.
    private bool Applies(AttrField field)
    {
        if (command.Command != BpfCommand.LinkCreate)
            return true;
        var type = (BpfAttachType)Number("attach_type");
        string member = type switch
        {
            BpfAttachType.TraceKprobeMulti or BpfAttachType.TraceKprobeSession => "kprobe_multi.",
            BpfAttachType.TraceUprobeMulti or BpfAttachType.TraceUprobeSession => "uprobe_multi.",
            BpfAttachType.TcxIngress or BpfAttachType.TcxEgress => "tcx.",
            BpfAttachType.NetkitPrimary or BpfAttachType.NetkitPeer => "netkit.",
            BpfAttachType.TraceIter => "iter_",
            _ => "cgroup.",
        };
        return field.Offset < 16 || field.Name.StartsWith(member, StringComparison.Ordinal);
    }

    private bool IsFd(AttrField field) => field.Kind switch
    {
        AttrKind.Fd => true,
        AttrKind.FdOrIfindex => (BpfAttachType)Number("attach_type") is not (BpfAttachType.Xdp or BpfAttachType.TcxIngress or BpfAttachType.TcxEgress
            or BpfAttachType.NetkitPrimary or BpfAttachType.NetkitPeer),
        AttrKind.FdOrId => Applies(field) && (Number(command.Find("attach_flags") is null ? "flags" : "attach_flags") & UapiFlags.BPF_F_ID) == 0,
        _ => false,
    };

    private ulong Pointer(AttrField field)
    {
        ulong address = U64(field);
        if (address == 0)
            return 0;
        if (field.Extent == AttrExtent.Text)
            return UserText.IsReadable(memory, address, MaxText) ? address : BadPointer;
        if (command.Command == BpfCommand.ObjGetInfoByFd)
            return _bounces.Info(address, (uint)Number("info_len"), _fds.Object(S32(command.Find("bpf_fd")!))?.Kind ?? ObjectKind.Other);
        if (Special(field, address) is { } special)
            return special;
        return Length(field) is { } length && memory.Covers(address, length) ? address : BadPointer;
    }

    private ulong? Special(AttrField field, ulong address) => field.Name switch
    {
        "insns" => _bounces.In(address, Number("insn_cnt") * 8, bytes => InsnFds.Translate(bytes, _fds)),
        "fd_array" => _bounces.In(address, 4UL * FdArrayLength(), TranslateFds),
        "value" or "values" when field.Kind == AttrKind.PointerIn && _map is { FdOffset: >= 0 } => _bounces.In(address, Length(field) ?? 0, TranslateValues),
        "kprobe_multi.syms" => _bounces.In(address, Number("kprobe_multi.cnt") * 8, TranslateTexts),

        // With a size of 0 the kernel writes as much as there is.
        "data_out" when Number("data_size_out") == 0 => _bounces.Out(address, (1 << 18) + (Number("data_size_in") & 0xff_ffff), "data_size_out", command),
        "ctx_out" when Number("ctx_size_out") == 0 => _bounces.Out(address, 1 << 16, "ctx_size_out", command),
        _ => null,
    };

    private ulong? Length(AttrField field) => field.Extent switch
    {
        AttrExtent.Counted => Number(field.Count!) * (ulong)field.Element,
        AttrExtent.Records => Number(field.Count!) * Number(field.RecordSize!),
        AttrExtent.MapKey => _map?.KeySize,
        AttrExtent.MapValue => _map?.ValueSize,
        AttrExtent.MapKeys => Number("count") * _map?.KeySize,
        AttrExtent.MapValues => Number("count") * _map?.ValueSize,
        AttrExtent.BatchCursor => _map is null ? null : Math.Max(4, _map.KeySize),
        _ => null,
    };

    // Without a count the instructions say how far the array reaches.
    private ulong FdArrayLength()
    {
        ulong count = Number("fd_array_cnt");
        ulong insns = Number("insn_cnt");
        ulong address = U64(command.Find("insns")!);
        if (insns is 0 or > InsnFds.MaxInsns || !memory.Covers(address, insns * 8))
            return count;
        byte[] bytes = new byte[insns * 8];
        return memory.TryRead(address, bytes) ? Math.Max(count, InsnFds.HighestIndex(bytes)) : count;
    }

    private void TranslateFds(Span<byte> bytes)
    {
        for (int at = 0; at + 4 <= bytes.Length; at += 4)
            _fds.InPlace(bytes[at..]);
    }

    private void TranslateValues(Span<byte> bytes)
    {
        int step = (int)_map!.ValueSize;
        for (int at = _map.FdOffset; at + 4 <= bytes.Length; at += step)
            _fds.InPlace(bytes[at..]);
    }

    private void TranslateTexts(Span<byte> bytes)
    {
        for (int at = 0; at + 8 <= bytes.Length; at += 8)
        {
            ulong text = BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
            if (text != 0 && !UserText.IsReadable(memory, text, 512))
                BinaryPrimitives.WriteUInt64LittleEndian(bytes[at..], BadPointer);
        }
    }

    private ulong Number(string name) => command.Find(name) is { } field
        ? field.Size == 8 ? U64(field) : BinaryPrimitives.ReadUInt32LittleEndian(attr.AsSpan(field.Offset))
        : 0;

    private ulong U64(AttrField field) => BinaryPrimitives.ReadUInt64LittleEndian(attr.AsSpan(field.Offset));

    private int S32(AttrField field) => BinaryPrimitives.ReadInt32LittleEndian(attr.AsSpan(field.Offset));

}
