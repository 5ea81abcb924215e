using System.Buffers.Binary;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Linux;

/// <summary>
/// The machine's own bpf(2). The attr is copied; every file descriptor in it (and in instructions, fd arrays and values of maps of fds)
/// is one of the task's table and is translated to the descriptor of this process behind it, so that the server's own descriptors are never
/// reachable. Pointers go through after a check that what lies behind them is the caller's. Emulated capabilities do not bind a real
/// kernel: only administrators may be let at it.
/// </summary>
public sealed unsafe class LinuxKernel : IBpfBackend
{
    private readonly int _cpus = PossibleCpus();

    /// <summary>Possible CPUs of the machine: copies of a per-CPU value.</summary>
    public int Cpus => _cpus;

    /// <summary>Null where bpf(2) can be used, else the reason why not, for tests that need it.</summary>
    public static string? Probe()
    {
        if (!OperatingSystem.IsLinux())
            return "bpf(2) exists on Linux only.";
        byte* attr = stackalloc byte[8];
        *(ulong*)attr = 0;
        long result = NativeBpf.Call((uint)BpfCommand.MapGetNextId, attr, 8);
        return result is >= 0 or -Errno.ENOENT ? null : $"bpf(2) is not allowed here ({Errno.Name(result)}).";
    }

    /// <summary>The machine's kernel as uname -r names it.</summary>
    public static string Release => File.Exists("/proc/sys/kernel/osrelease") ? File.ReadAllText("/proc/sys/kernel/osrelease").Trim() : "";

    public long Bpf(BpfCommand cmd, Span<byte> attr, IUserMemory memory, in BpfCall call)
    {
        AttrCommand? command = AttrTable.Find(cmd);
        if (command is null)
            return -Errno.EINVAL;
        if (attr.Length > Environment.SystemPageSize)
            return -Errno.E2BIG;
        if (cmd == BpfCommand.TaskFdQuery && attr.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(attr) == Environment.ProcessId)
            return -Errno.EPERM;

        // Always the whole attr: a descriptor cut off in its middle could not be translated.
        byte[] work = GC.AllocateArray<byte>(Math.Max(attr.Length, AttrTable.AttrSize), pinned: true);
        attr.CopyTo(work);
        using var translation = new AttrTranslation(command, work, memory, call.Task.Fds);
        if (translation.Prepare() is { } gap)
        {
            call.Observer?.OnNotImplemented(gap);
            return -Errno.EOPNOTSUPP;
        }

        long result;
        fixed (byte* pointer = work)
            result = NativeBpf.Call((uint)cmd, pointer, work.Length);
        long copied = translation.CopyBack(result);
        foreach (AttrField field in command.Fields)
        {
            int length = Math.Min(field.Size, attr.Length - field.Offset);
            if (field is { Out: true, IsPointer: false } && length > 0)
                work.AsSpan(field.Offset, length).CopyTo(attr[field.Offset..]);
        }

        Report(command, work, memory, call, result);
        if (result < 0 || copied < 0)
            return Math.Min(result, copied);
        return ReturnsFd(cmd) ? Install((int)result, cmd, call.Task.Fds) : result;
    }

    private static void Report(AttrCommand command, byte[] work, IUserMemory memory, in BpfCall call, long result)
    {
        if (call.Observer is not { } observer || command.Command != BpfCommand.ProgLoad)
            return;
        uint written = Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(work.AsSpan(28)), BinaryPrimitives.ReadUInt32LittleEndian(work.AsSpan(140)));
        string log = UserText.Read(memory, BinaryPrimitives.ReadUInt64LittleEndian(work.AsSpan(32)), written);
        if (log.Length > 0)
            observer.OnLog(log);
        string? message = result < 0 ? log.Split('\n').LastOrDefault(l => l.Length > 0 && !l.StartsWith("processed ", StringComparison.Ordinal)) : null;
        observer.OnVerdict(new Kernel.Verifier.Verdict(result >= 0) { Message = message });
    }

    private static bool ReturnsFd(BpfCommand cmd) => cmd is BpfCommand.MapCreate or BpfCommand.ProgLoad or BpfCommand.ObjGet or BpfCommand.RawTracepointOpen
        or BpfCommand.BtfLoad or BpfCommand.ProgGetFdById or BpfCommand.MapGetFdById or BpfCommand.BtfGetFdById or BpfCommand.LinkGetFdById
        or BpfCommand.LinkCreate or BpfCommand.IterCreate or BpfCommand.TokenCreate or BpfCommand.EnableStats;

    private long Install(int native, BpfCommand cmd, FdTable fds)
    {
        int fd = NativeBpf.AboveStdio(native);
        if (fd < 0)
            return -Errno.EMFILE;
        ObjectKind kind = KindOf(cmd, fd);
        (uint id, LinuxMapShape? shape) = Describe(fd, kind);
        return fds.Install(new LinuxObject(fd, kind, id, shape));
    }

    private static ObjectKind KindOf(BpfCommand cmd, int fd) => cmd switch
    {
        BpfCommand.MapCreate or BpfCommand.MapGetFdById => ObjectKind.Map,
        BpfCommand.ProgLoad or BpfCommand.ProgGetFdById => ObjectKind.Prog,
        BpfCommand.BtfLoad or BpfCommand.BtfGetFdById => ObjectKind.Btf,
        BpfCommand.LinkCreate or BpfCommand.LinkGetFdById or BpfCommand.RawTracepointOpen => ObjectKind.Link,
        BpfCommand.IterCreate => ObjectKind.Iterator,
        BpfCommand.TokenCreate => ObjectKind.Token,
        BpfCommand.EnableStats => ObjectKind.Stats,
        _ => File.ResolveLinkTarget($"/proc/self/fd/{fd}", returnFinalTarget: false)?.Name switch
        {
            { } name when name.Contains("bpf-map", StringComparison.Ordinal) => ObjectKind.Map,
            { } name when name.Contains("bpf-prog", StringComparison.Ordinal) => ObjectKind.Prog,
            { } name when name.Contains("bpf_link", StringComparison.Ordinal) || name.Contains("bpf-link", StringComparison.Ordinal) => ObjectKind.Link,
            _ => ObjectKind.Other,
        },
    };

    private (uint Id, LinuxMapShape? Shape) Describe(int fd, ObjectKind kind)
    {
        int size = InfoTable.Of(kind).Size;
        if (size == 0)
            return (0, null);
        byte* info = stackalloc byte[size];
        new Span<byte>(info, size).Clear();
        byte* attr = stackalloc byte[16];
        *(int*)attr = fd;
        *(int*)(attr + 4) = size;
        *(ulong*)(attr + 8) = (ulong)info;
        if (NativeBpf.Call((uint)BpfCommand.ObjGetInfoByFd, attr, 16) < 0)
            return (0, null);
        uint* words = (uint*)info;
        return kind switch
        {
            ObjectKind.Map => (words[1], new LinuxMapShape((BpfMapType)words[0], words[2], UserValueSize((BpfMapType)words[0], words[3]))),
            ObjectKind.Btf => (words[3], null),
            _ => (words[1], null),
        };
    }

    // As bpf_map_value_size in kernel/bpf/syscall.c.
    private uint UserValueSize(BpfMapType type, uint valueSize) => type switch
    {
        BpfMapType.PercpuHash or BpfMapType.LruPercpuHash or BpfMapType.PercpuArray or BpfMapType.PercpuCgroupStorage =>
            ((valueSize + 7) & ~7u) * (uint)_cpus,
        _ => valueSize,
    };

    private static int PossibleCpus()
    {
        const string Path = "/sys/devices/system/cpu/possible";
        if (!File.Exists(Path))
            return Environment.ProcessorCount;
        string last = File.ReadAllText(Path).Trim().Split(',', '-')[^1];
        return int.TryParse(last, out int highest) ? highest + 1 : Environment.ProcessorCount;
    }
}
