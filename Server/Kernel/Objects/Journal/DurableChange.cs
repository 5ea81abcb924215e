namespace WebBpf.Kernel.Objects.Journal;

/// <summary>One change of the durable state, complete in itself.</summary>
public abstract record DurableChange;

/// <summary>A map became durable. Its entries of that moment follow as <see cref="MapElementWritten"/>.</summary>
public sealed record MapSaved(MapImage Map) : DurableChange;

/// <summary>A program became durable. The maps and the BTF it refers to come before it.</summary>
public sealed record ProgramSaved(ProgramImage Program) : DurableChange;

/// <summary>A BTF object became durable.</summary>
public sealed record BtfSaved(BtfImage Btf) : DurableChange;

/// <summary>No pin reaches the object any more: it need not come back. Its entries go with it.</summary>
public sealed record ObjectForgotten(DurableKind Kind, uint Id) : DurableChange;

/// <summary>The element has this value now; written by a system call, or found by a flush after programs wrote.</summary>
/// <param name="MapId">The map.</param>
/// <param name="Key">The key; the index of array maps as four bytes.</param>
/// <param name="Value">As the system call sees it (all copies of a per-CPU value); the object's id for maps of fds.</param>
public sealed record MapElementWritten(uint MapId, byte[] Key, byte[] Value) : DurableChange;

/// <summary>The element is gone.</summary>
public sealed record MapElementDeleted(uint MapId, byte[] Key) : DurableChange;

/// <summary>BPF_MAP_FREEZE.</summary>
public sealed record MapFrozen(uint MapId) : DurableChange;

/// <summary>A file or directory of the bpffs was made or changed.</summary>
public sealed record NodeSaved(BpffsNodeImage Node) : DurableChange;

/// <summary>A file or (empty) directory is gone. Paths are below the mount, "/dir/prog".</summary>
public sealed record NodeRemoved(string Path) : DurableChange;

/// <summary>A file, or a directory with everything below it, has a new path.</summary>
public sealed record NodeRenamed(string From, string To) : DurableChange;

/// <summary>What a bpffs node or a stored object is.</summary>
public enum DurableKind
{
    Dir,
    Prog,
    Map,
    Link,
    Btf,
}
