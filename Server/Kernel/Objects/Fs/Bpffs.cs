using WebBpf.Kernel.Objects.Journal;
using WebBpf.Kernel.Observe;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Objects.Fs;

/// <summary>
/// The BPF file system, mounted at /sys/fs/bpf in a tree that has nothing else; as kernel/bpf/inode.c, 6.18. A file holds its object
/// as a descriptor does. Changes go to the journal under the lock that orders them.
/// </summary>
public sealed class Bpffs
{
    /// <summary>Where it is mounted.</summary>
    public const string Mount = "/sys/fs/bpf";

    // bpf_fill_super: S_ISVTX | S_IRWXUGO.
    private const uint MountMode = 0x3ff;
    private const uint DirectoryMode = 0x1ed;
    private const uint FileMode = 0x180;
    private const uint Write = 2;
    private const uint Sticky = 0x200;

    private readonly Lock _lock = new();
    private readonly Durability _durability;
    private readonly KernelEvents _events;
    private readonly BpffsNode _root = Directory("", null, isBpffs: false, DirectoryMode);
    private readonly BpffsNode _mount;

    internal Bpffs(Durability durability, KernelEvents events)
    {
        _durability = durability;
        _events = events;
        BpffsNode above = _root;
        foreach (string name in new[] { "sys", "fs" })
            above = Add(above, Directory(name, above, isBpffs: false, DirectoryMode));
        _mount = Add(above, Directory("bpf", above, isBpffs: true, MountMode));
    }

    /// <summary>Number of pinned objects.</summary>
    public int PinCount
    {
        get
        {
            lock (_lock)
                return Below(_mount).Count(n => n.Object is not null);
        }
    }

    /// <summary>BPF_OBJ_PIN: makes a file for an object. The file takes references of its own. 0 or a negative errno.</summary>
    /// <param name="from">An open directory that relative paths start from; null for the working directory, which is "/".</param>
    /// <param name="path">The whole path, below the mount or not.</param>
    /// <param name="pinned">The object.</param>
    /// <param name="task">Who pins.</param>
    public int Pin(BpffsDirectory? from, string path, KernelObject pinned, BpfTask task)
    {
        lock (_lock)
        {
            int error = Creatable(from, path, task, out BpffsNode directory, out string name);
            if (error != 0)
                return error;
            pinned.Get();
            pinned.AddUser();
            BpffsNode node = Add(directory, new BpffsNode(name, directory)
            {
                Object = pinned,
                Kind = KindOf(pinned),
                Mode = FileMode,
                Uid = task.Uid,
                Gid = task.Gid,
                CreatedAt = DateTimeOffset.UtcNow,
            });
            _durability.Pinned(node.Image, pinned);
            _events.Raise("pin", pinned.Kind, pinned.Id, name, task, node.Path);
            return 0;
        }
    }

    /// <summary>BPF_OBJ_GET: the object of a file with a reference for the caller. 0 or a negative errno.</summary>
    /// <param name="from">An open directory that relative paths start from; null for "/".</param>
    /// <param name="path">The whole path.</param>
    /// <param name="access">What the descriptor will be used for; the file must allow it.</param>
    /// <param name="task">Who opens.</param>
    /// <param name="found">The object.</param>
    public int Open(BpffsDirectory? from, string path, FdAccess access, BpfTask task, out KernelObject? found)
    {
        found = null;
        lock (_lock)
        {
            int error = PathWalk.Find(Start(from, path), path, task, out BpffsNode node);
            if (error != 0)
                return error;
            uint wanted = ((access & FdAccess.Read) != 0 ? 4u : 0) | ((access & FdAccess.Write) != 0 ? 2u : 0);
            if (!PathWalk.MayAccess(node, task, wanted) || node.Object is not { } pinned)
                return -Errno.EACCES;
            pinned.Get();
            found = pinned;
            return 0;
        }
    }

    /// <summary>mkdir(2): 0 or a negative errno.</summary>
    public int MakeDirectory(string path, BpfTask task)
    {
        lock (_lock)
        {
            int error = Creatable(null, path.TrimEnd('/'), task, out BpffsNode directory, out string name);
            if (error != 0)
                return error;
            BpffsNode made = Add(directory, new BpffsNode(name, directory)
            {
                Children = new SortedDictionary<string, BpffsNode>(StringComparer.Ordinal),
                Kind = DurableKind.Dir,
                Mode = DirectoryMode,
                Uid = task.Uid,
                Gid = task.Gid,
                CreatedAt = DateTimeOffset.UtcNow,
            });
            _durability.NodeSaved(made.Image);
            _events.Raise("mkdir", ObjectKind.Other, 0, name, task, made.Path);
            return 0;
        }
    }

    /// <summary>unlink(2) for files, rmdir(2) for directories (ENOTEMPTY while something is in them): 0 or a negative errno.</summary>
    public int Remove(string path, BpfTask task)
    {
        KernelObject? pinned;
        lock (_lock)
        {
            int error = PathWalk.Find(_root, path, task, out BpffsNode node);
            if (error == 0)
                error = Removable(node, task);
            if (error != 0)
                return error;
            if (node.Children is { Count: > 0 })
                return -Errno.ENOTEMPTY;
            string gone = node.Path;
            node.Parent!.Children!.Remove(node.Name);
            pinned = node.Object;
            _durability.Unpinned(gone, pinned);
            _events.Raise("unpin", pinned?.Kind ?? ObjectKind.Other, pinned?.Id ?? 0, node.Name, task, gone);
        }

        pinned?.DropUser();
        pinned?.Put();
        return 0;
    }

    /// <summary>rename(2): a target that exists is replaced, as there. 0 or a negative errno.</summary>
    public int Rename(string path, string target, BpfTask task)
    {
        KernelObject? replaced = null;
        lock (_lock)
        {
            int error = PathWalk.Find(_root, path, task, out BpffsNode node);
            if (error == 0)
                error = Removable(node, task);
            if (error != 0)
                return error;
            error = PathWalk.Parent(_root, target.TrimEnd('/'), task, out BpffsNode directory, out string name);
            if (error != 0)
                return error;
            if (name.Length == 0)
                return -Errno.EEXIST;
            if (!directory.IsBpffs)
                return -Errno.EXDEV;
            if (!PathWalk.MayAccess(directory, task, Write))
                return -Errno.EACCES;
            if (!directory.Children!.ContainsKey(name) && PathWalk.Missing(directory, name) is -Errno.EPERM)
                return -Errno.EPERM;
            if (IsSelfOrBelow(directory, node))
                return -Errno.EINVAL;
            string from = node.Path;
            if (directory.Children!.TryGetValue(name, out BpffsNode? there))
            {
                if (there == node)
                    return 0;
                error = Replaceable(there, node, task);
                if (error != 0)
                    return error;
                replaced = there.Object;
                directory.Children.Remove(name);
                _durability.Unpinned(there.Path, replaced);
            }

            node.Parent!.Children!.Remove(node.Name);
            node.Name = name;
            node.Parent = directory;
            directory.Children.Add(name, node);
            _durability.NodeRenamed(from, node.Path);
            _events.Raise("rename", node.Object?.Kind ?? ObjectKind.Other, node.Object?.Id ?? 0, name, task, node.Path);
        }

        replaced?.DropUser();
        replaced?.Put();
        return 0;
    }

    /// <summary>An open directory for path_fd, with a reference for the caller; 0 or a negative errno.</summary>
    public int OpenDirectory(string path, BpfTask task, out BpffsDirectory? directory)
    {
        directory = null;
        lock (_lock)
        {
            int error = PathWalk.Find(_root, path, task, out BpffsNode node);
            if (error != 0)
                return error;
            if (!node.IsDirectory)
                return -Errno.ENOTDIR;
            directory = new BpffsDirectory(node);
            return 0;
        }
    }

    /// <summary>A file or directory, and what is in it; null where there is none.</summary>
    public BpffsListing? List(string path, BpfTask task)
    {
        lock (_lock)
        {
            if (PathWalk.Find(_root, path, task, out BpffsNode node) != 0 || !node.IsBpffs)
                return null;
            return new BpffsListing(node.Image, node.Children?.Values.Select(c => c.Image).ToArray());
        }
    }

    /// <summary>Every file and directory below the mount.</summary>
    public IReadOnlyList<BpffsNodeImage> All()
    {
        lock (_lock)
            return [.. Below(_mount).Select(n => n.Image)];
    }

    /// <summary>Puts a node of before a restart back; its parent must be there. The object's references are taken. False where it cannot be.</summary>
    internal bool Restore(BpffsNodeImage image, KernelObject? pinned)
    {
        lock (_lock)
        {
            int cut = image.Path.LastIndexOf('/');
            BpffsNode? directory = Descend(image.Path[..cut]);
            string name = image.Path[(cut + 1)..];
            if (directory?.Children is not { } children || name.Length == 0 || children.ContainsKey(name))
                return false;
            pinned?.Get();
            pinned?.AddUser();
            Add(directory, new BpffsNode(name, directory)
            {
                Children = image.Kind == DurableKind.Dir ? new SortedDictionary<string, BpffsNode>(StringComparer.Ordinal) : null,
                Object = pinned,
                Kind = image.Kind,
                Mode = image.Mode,
                Uid = image.Uid,
                Gid = image.Gid,
                CreatedAt = image.CreatedAt,
            });
            if (pinned is not null)
                _durability.Reached(pinned);
            return true;
        }
    }

    private int Creatable(BpffsDirectory? from, string path, BpfTask task, out BpffsNode directory, out string name)
    {
        int error = PathWalk.Parent(Start(from, path), path, task, out directory, out name);
        if (error != 0)
            return error;
        if (name.Length == 0 || directory.Children!.ContainsKey(name))
            return -Errno.EEXIST;
        if (PathWalk.Missing(directory, name) is -Errno.EPERM)
            return -Errno.EPERM;
        if (path.EndsWith('/'))
            return -Errno.ENOENT;
        if (!directory.IsBpffs)
            return -Errno.EPERM;
        return PathWalk.MayAccess(directory, task, Write) ? 0 : -Errno.EACCES;
    }

    // may_delete: the right to write the directory; in a sticky one the owner's alone.
    private static int Removable(BpffsNode node, BpfTask task)
    {
        if (!node.IsBpffs || node.Parent is not { IsBpffs: true } directory)
            return -Errno.EBUSY;
        if (!PathWalk.MayAccess(directory, task, Write))
            return -Errno.EACCES;
        bool owner = task.Uid == 0 || task.Uid == node.Uid || task.Uid == directory.Uid || task.Has(Capabilities.SysAdmin);
        return (directory.Mode & Sticky) != 0 && !owner ? -Errno.EPERM : 0;
    }

    private static int Replaceable(BpffsNode there, BpffsNode by, BpfTask task)
    {
        if (there.IsDirectory && !by.IsDirectory)
            return -Errno.EISDIR;
        if (!there.IsDirectory && by.IsDirectory)
            return -Errno.ENOTDIR;
        return there.Children is { Count: > 0 } ? -Errno.ENOTEMPTY : Removable(there, task);
    }

    private BpffsNode Start(BpffsDirectory? from, string path) => from is null || path.StartsWith('/') ? _root : from.Node;

    private BpffsNode? Descend(string path)
    {
        BpffsNode? node = _mount;
        foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            node = node?.Children?.GetValueOrDefault(part);
        return node;
    }

    private static bool IsSelfOrBelow(BpffsNode node, BpffsNode ancestor)
    {
        for (BpffsNode? at = node; at is not null; at = at.Parent)
        {
            if (at == ancestor)
                return true;
        }

        return false;
    }

    private static List<BpffsNode> Below(BpffsNode top)
    {
        var found = new List<BpffsNode>();
        var open = new Queue<BpffsNode>(top.Children!.Values);
        while (open.TryDequeue(out BpffsNode? node))
        {
            found.Add(node);
            foreach (BpffsNode child in node.Children?.Values.AsEnumerable() ?? [])
                open.Enqueue(child);
        }

        return found;
    }

    private static DurableKind KindOf(KernelObject pinned) => pinned.Kind switch
    {
        ObjectKind.Prog => DurableKind.Prog,
        ObjectKind.Map => DurableKind.Map,
        _ => DurableKind.Link,
    };

    private static BpffsNode Add(BpffsNode directory, BpffsNode node)
    {
        directory.Children!.Add(node.Name, node);
        return node;
    }

    private static BpffsNode Directory(string name, BpffsNode? parent, bool isBpffs, uint mode) => new(name, parent)
    {
        Children = new SortedDictionary<string, BpffsNode>(StringComparer.Ordinal),
        Kind = DurableKind.Dir,
        Mode = mode,
        IsBpffs = isBpffs,
        CreatedAt = DateTimeOffset.UtcNow,
    };
}

/// <summary>A node of the bpffs and, for directories, what is in it in order of name.</summary>
public sealed record BpffsListing(BpffsNodeImage Node, IReadOnlyList<BpffsNodeImage>? Children);
