using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Objects.Fs;
using WebBpf.Kernel.Objects.Journal;
using WebBpf.Kernel.Observe;
using WebBpf.Kernel.Programs;

namespace WebBpf.Kernel.Syscall.Introspection;

/// <summary>
/// What Linux has no call for: the second, optional interface of a backend. Objects come with a reference for the caller, who puts it; who may
/// see what is decided by whoever asks.
/// </summary>
public interface IBpfIntrospection
{
    KernelEvents Events { get; }

    KernelServices Services { get; }

    RunStatsSwitch RunStats { get; }

    /// <summary>The bpffs: mkdir, rename, unlink and list beside pin and get.</summary>
    Bpffs Fs { get; }

    BpfProgram? FindProgram(uint id);

    BpfMap? FindMap(uint id);

    BtfObject? FindBtf(uint id);

    /// <summary>All of one kind in order of id, each with a reference.</summary>
    IReadOnlyList<BpfProgram> ListPrograms();

    IReadOnlyList<BpfMap> ListMaps();

    IReadOnlyList<BtfObject> ListBtf();

    /// <summary>Who holds an object: pins, other objects, and the descriptors of the tasks given.</summary>
    IReadOnlyList<Holder> HoldersOf(KernelObject one, IEnumerable<BpfTask> tasks);

    /// <summary>A page of a map's entries after a key (empty for the first); at most <paramref name="limit"/>.</summary>
    MapPage Entries(BpfMap map, ReadOnlySpan<byte> after, int limit);

    /// <summary>Writes an element as the task would through a descriptor of its own; a negative errno or 0. The receipt as in <see cref="BpfCall"/>.</summary>
    long WriteEntry(BpfMap map, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ulong flags, in BpfCall call);

    long DeleteEntry(BpfMap map, ReadOnlySpan<byte> key, in BpfCall call);

    /// <summary>Changes of the bpffs by a task; a negative errno or 0.</summary>
    long MakeDirectory(string path, in BpfCall call);

    long Rename(string path, string target, in BpfCall call);

    long Unlink(string path, in BpfCall call);

    /// <summary>Pins an object that the caller has by id; as BPF_OBJ_PIN through a descriptor.</summary>
    long Pin(string path, KernelObject one, in BpfCall call);

    /// <summary>Appends what programs wrote to durable maps to the journal; ends when it is on disk.</summary>
    Task FlushProgramWrites();

    /// <summary>Begins to bring objects of before a restart back. Nobody else may use the kernel until it is disposed.</summary>
    KernelRestore BeginRestore();
}

/// <summary>What holds an object.</summary>
/// <param name="Kind">"fd", "pin", "prog" or "map".</param>
/// <param name="Id">The descriptor, or the id of the object that holds it; 0 for pins.</param>
/// <param name="Name">The task's comm, the path, or the object's name.</param>
/// <param name="Pid">The task, for descriptors.</param>
public readonly record struct Holder(string Kind, uint Id, string Name, uint Pid = 0);

/// <summary>One entry of a map as the system call sees it.</summary>
public readonly record struct MapEntry(byte[] Key, byte[] Value);

/// <summary>Some entries of a map, and the key to go on after; null at the end.</summary>
public sealed record MapPage(IReadOnlyList<MapEntry> Entries, byte[]? Next);
