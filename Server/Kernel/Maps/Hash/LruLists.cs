using System.Runtime.CompilerServices;

namespace WebBpf.Kernel.Maps.Hash;

/// <summary>
/// Doubly linked lists over numbered nodes, and per list of "active, inactive, free" the bookkeeping of kernel/bpf/bpf_lru_list.c. Nodes 0 to n-1 are
/// elements, each further number is the head of a list. A node is in one list or none. Kept outside the sandbox.
/// </summary>
internal sealed class LruLists(int nodes, int lists)
{
    private readonly int[] _next = NewHeads(nodes, lists);
    private readonly int[] _previous = NewHeads(nodes, lists);

    /// <summary>By node: which kind of list it is in.</summary>
    public readonly LruKind[] Kinds = new LruKind[nodes];

    /// <summary>By node: the CPU that has it.</summary>
    public readonly ushort[] Cpus = new ushort[nodes];

    public int Head(int list) => nodes + list;

    public bool IsHead(int node) => node >= nodes;

    public int Next(int node) => _next[node];

    public int Previous(int node) => _previous[node];

    public bool IsEmpty(int head) => _next[head] == head;

    /// <summary>Puts a node that is in no list behind the head.</summary>
    public void Add(int node, int head)
    {
        int first = _next[head];
        _next[head] = node;
        _previous[node] = head;
        _next[node] = first;
        _previous[first] = node;
    }

    public void Remove(int node)
    {
        (int previous, int next) = (_previous[node], _next[node]);
        _next[previous] = next;
        _previous[next] = previous;
    }

    public void Move(int node, int head)
    {
        Remove(node);
        Add(node, head);
    }

    private static int[] NewHeads(int nodes, int lists)
    {
        int[] links = GC.AllocateUninitializedArray<int>(nodes + lists);
        for (int i = nodes; i < links.Length; i++)
            links[i] = i;
        return links;
    }
}

/// <summary>Kinds of list of an LRU map.</summary>
internal enum LruKind : byte
{
    Active,
    Inactive,
    Free,

    /// <summary>Free, at one CPU's disposal.</summary>
    LocalFree,

    /// <summary>In use, not yet in the common lists.</summary>
    LocalPending,
}

/// <summary>What the LRU algorithm asks of its map.</summary>
internal interface ILruOwner
{
    /// <summary>True where the node was used since its mark was cleared.</summary>
    bool IsReferenced(int node);

    void ClearReference(int node);

    /// <summary>Takes the element out of the table so that its node can be used again; false where it is not (yet) in it.</summary>
    bool Evict(int node);
}

/// <summary>An active, an inactive and a free list with their latch (struct bpf_lru_list). New nodes come in at the front; candidates are taken from the back.</summary>
internal sealed class LruList(LruLists lists, int first, ILruOwner owner, int scans)
{
    public int Latch;
    private readonly int _active = lists.Head(first);
    private readonly int _inactive = lists.Head(first + 1);
    private readonly int[] _counts = new int[2];
    private int _rotation = lists.Head(first + 1);

    public int Free { get; } = lists.Head(first + 2);

    /// <summary>From a list here to another one here.</summary>
    public void Move(int node, LruKind kind)
    {
        Count(lists.Kinds[node], -1);
        Count(kind, 1);
        lists.Kinds[node] = kind;
        owner.ClearReference(node);
        StepOver(node);
        lists.Move(node, HeadOf(kind));
    }

    /// <summary>From a CPU's own list to one here.</summary>
    public void MoveIn(int node, LruKind kind)
    {
        Count(kind, 1);
        lists.Kinds[node] = kind;
        owner.ClearReference(node);
        lists.Move(node, HeadOf(kind));
    }

    /// <summary>From a list here to a list of free nodes, here or of a CPU.</summary>
    public void MoveToFree(int node, int head, LruKind kind)
    {
        StepOver(node);
        Count(lists.Kinds[node], -1);
        lists.Kinds[node] = kind;
        lists.Move(node, head);
    }

    /// <summary>Rotates the active list where the inactive one is short, and always the inactive one: referenced nodes go (back) to the front of the active list.</summary>
    public void Rotate()
    {
        if (_counts[(int)LruKind.Inactive] < _counts[(int)LruKind.Active])
            RotateActive();
        RotateInactive();
    }

    /// <summary>
    /// Evicts up to <paramref name="wanted"/> unreferenced nodes from the back of the inactive list; where none is found, one node whether referenced
    /// or not, rather an inactive than an active one.
    /// </summary>
    public void Shrink(int wanted, int head, LruKind kind)
    {
        int shrunk = 0, scanned = 0;
        for (int node = lists.Previous(_inactive), before; node != _inactive; node = before)
        {
            before = lists.Previous(node);
            if (owner.IsReferenced(node))
            {
                Move(node, LruKind.Active);
            }
            else if (owner.Evict(node))
            {
                MoveToFree(node, head, kind);
                if (++shrunk == wanted)
                    return;
            }

            if (++scanned == scans)
                break;
        }

        if (shrunk > 0)
            return;
        int forced = lists.IsEmpty(_inactive) ? _active : _inactive;
        for (int node = lists.Previous(forced); node != forced; node = lists.Previous(node))
        {
            if (owner.Evict(node))
            {
                MoveToFree(node, head, kind);
                return;
            }
        }
    }

    private void RotateActive()
    {
        int first = lists.Next(_active), scanned = 0;
        for (int node = lists.Previous(_active), before; node != _active; node = before)
        {
            before = lists.Previous(node);
            Move(node, owner.IsReferenced(node) ? LruKind.Active : LruKind.Inactive);
            if (++scanned == scans || node == first)
                return;
        }
    }

    private void RotateInactive()
    {
        if (lists.IsEmpty(_inactive))
            return;
        int last = lists.Next(_rotation);
        if (last == _inactive)
            last = lists.Next(last);
        int at = _rotation, next = _rotation;
        for (int scanned = 0; scanned < scans; scanned++)
        {
            if (at == _inactive)
                at = lists.Previous(at);
            next = lists.Previous(at);
            bool done = at == last;
            if (owner.IsReferenced(at))
                Move(at, LruKind.Active);
            if (done)
                break;
            at = next;
        }

        _rotation = next;
    }

    /// <summary>The place where the next rotation starts must stay in the inactive list.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void StepOver(int node)
    {
        if (node == _rotation)
            _rotation = lists.Previous(node);
    }

    private int HeadOf(LruKind kind) => kind switch { LruKind.Active => _active, LruKind.Inactive => _inactive, _ => Free };

    private void Count(LruKind kind, int change)
    {
        if (kind <= LruKind.Inactive)
            _counts[(int)kind] += change;
    }
}
