using WebBpf.Kernel.Objects.Journal;

namespace WebBpf.Kernel.Objects.Fs;

/// <summary>A file or directory of the bpffs. All but the constants are read and written under the lock of its <see cref="Bpffs"/>.</summary>
internal sealed class BpffsNode(string name, BpffsNode? parent)
{
    public string Name { get; set; } = name;
    public BpffsNode? Parent { get; set; } = parent;

    /// <summary>Null for files.</summary>
    public SortedDictionary<string, BpffsNode>? Children { get; init; }

    /// <summary>The pinned object, which the file holds a reference and a user of; null for directories and for files that wait for theirs.</summary>
    public KernelObject? Object { get; set; }

    public DurableKind Kind { get; init; }

    /// <summary>Permission bits.</summary>
    public uint Mode { get; set; }

    public uint Uid { get; init; }
    public uint Gid { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>False for the directories above the mount: nothing can be made in them.</summary>
    public bool IsBpffs { get; init; } = true;

    public bool IsDirectory => Children is not null;

    /// <summary>"/dir/file" below the mount; "" for the mount itself.</summary>
    public string Path
    {
        get
        {
            var parts = new List<string>();
            for (BpffsNode at = this; at.Parent is { IsBpffs: true } above; at = above)
                parts.Add(at.Name);
            parts.Reverse();
            return parts.Count == 0 ? "" : "/" + string.Join('/', parts);
        }
    }

    public BpffsNodeImage Image => new(Path, Kind, Object?.Id ?? 0) { Mode = Mode, Uid = Uid, Gid = Gid, CreatedAt = CreatedAt };
}
