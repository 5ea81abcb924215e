namespace WebBpf.Kernel.Maps.Hash;

/// <summary>
/// Hands out the nodes of an LRU map and gives the least recently used ones up where none is free, as kernel/bpf/bpf_lru_list.c, 6.18: common lists with a stock of
/// free and of fresh nodes per CPU, or (BPF_F_NO_COMMON_LRU) lists per CPU. Latches are taken in the order CPU, common list, bucket.
/// </summary>
internal sealed class LruPool
{
    private const int CommonTarget = 128;
    private const int CommonScans = 128;
    private const int PerCpuTarget = 4;
    private const int PerCpuScans = 4;
    private readonly LruLists _lists;
    private readonly ILruOwner _owner;
    private readonly int _target;

    /// <summary>One common list, or one per CPU.</summary>
    private readonly LruList[] _shared;
    private readonly Local[] _local;

    public LruPool(int nodes, int cpus, bool perCpu, ILruOwner owner)
    {
        _owner = owner;
        int shared = perCpu ? cpus : 1;
        _lists = new LruLists(nodes, shared * 3 + (perCpu ? 0 : cpus * 2));
        _shared = new LruList[shared];
        for (int i = 0; i < shared; i++)
            _shared[i] = new LruList(_lists, i * 3, owner, perCpu ? PerCpuScans : CommonScans);
        _target = perCpu ? PerCpuTarget : Math.Clamp(nodes / cpus / 2, 1, CommonTarget);
        _local = perCpu ? [] : new Local[cpus];
        for (int cpu = 0; cpu < _local.Length; cpu++)
            _local[cpu] = new Local(_lists.Head(3 + cpu * 2), _lists.Head(4 + cpu * 2), cpu);
        for (int node = 0; node < nodes; node++)
        {
            int owned = perCpu ? Math.Min(node / Math.Max(1, nodes / cpus), cpus - 1) : 0;
            _lists.Kinds[node] = LruKind.Free;
            _lists.Cpus[node] = (ushort)owned;
            _lists.Add(node, _shared[owned].Free);
        }
    }

    /// <summary>Takes a node, if need be that of another element, which is evicted; -1 where there is none at all (ENOMEM).</summary>
    public int Take(int cpu) => _local.Length == 0 ? TakePerCpu(cpu) : TakeCommon(cpu);

    /// <summary>Gives a node back whose element is no longer in the table.</summary>
    public void Return(int node)
    {
        if (_local.Length > 0 && _lists.Kinds[node] == LruKind.LocalPending)
        {
            Local local = _local[_lists.Cpus[node]];
            SpinLatch.Enter(ref local.Latch);
            bool pending = _lists.Kinds[node] == LruKind.LocalPending;
            if (pending)
            {
                _lists.Kinds[node] = LruKind.LocalFree;
                _owner.ClearReference(node);
                _lists.Move(node, local.Free);
            }

            SpinLatch.Exit(ref local.Latch);
            if (pending)
                return;
        }

        LruList shared = _shared[_local.Length > 0 ? 0 : _lists.Cpus[node]];
        SpinLatch.Enter(ref shared.Latch);
        shared.Move(node, LruKind.Free);
        SpinLatch.Exit(ref shared.Latch);
    }

    private int TakePerCpu(int cpu)
    {
        LruList list = _shared[cpu];
        SpinLatch.Enter(ref list.Latch);
        list.Rotate();
        if (_lists.IsEmpty(list.Free))
            list.Shrink(_target, list.Free, LruKind.Free);
        int node = -1;
        if (!_lists.IsEmpty(list.Free))
        {
            node = _lists.Next(list.Free);
            list.Move(node, LruKind.Inactive);
        }

        SpinLatch.Exit(ref list.Latch);
        return node;
    }

    private int TakeCommon(int cpu)
    {
        Local own = _local[cpu];
        SpinLatch.Enter(ref own.Latch);
        int node = PopFree(own);
        if (node < 0)
        {
            Fill(own);
            node = PopFree(own);
        }

        if (node >= 0)
            AddPending(own, node, cpu);
        SpinLatch.Exit(ref own.Latch);
        return node >= 0 ? node : Steal(own, cpu);
    }

    /// <summary>Nothing is free for this CPU: takes what others hold, a free node or their oldest fresh one, going round from where the last theft ended.</summary>
    private int Steal(Local own, int cpu)
    {
        int node = -1;
        int from = own.NextSteal;
        do
        {
            Local other = _local[from];
            SpinLatch.Enter(ref other.Latch);
            node = PopFree(other);
            if (node < 0)
                node = PopPending(other);
            SpinLatch.Exit(ref other.Latch);
            from = (from + 1) % _local.Length;
        }
        while (node < 0 && from != own.NextSteal);

        own.NextSteal = from;
        if (node >= 0)
        {
            SpinLatch.Enter(ref own.Latch);
            AddPending(own, node, cpu);
            SpinLatch.Exit(ref own.Latch);
        }

        return node;
    }

    /// <summary>Brings fresh nodes into the common lists and gets free ones from there.</summary>
    private void Fill(Local local)
    {
        LruList common = _shared[0];
        SpinLatch.Enter(ref common.Latch);
        for (int node = _lists.Previous(local.Pending), before; node != local.Pending; node = before)
        {
            before = _lists.Previous(node);
            common.MoveIn(node, _owner.IsReferenced(node) ? LruKind.Active : LruKind.Inactive);
        }

        common.Rotate();
        int got = 0;
        for (int node = _lists.Next(common.Free), after; node != common.Free && got < _target; node = after)
        {
            after = _lists.Next(node);
            common.MoveToFree(node, local.Free, LruKind.LocalFree);
            got++;
        }

        if (got < _target)
            common.Shrink(_target - got, local.Free, LruKind.LocalFree);
        SpinLatch.Exit(ref common.Latch);
    }

    private int PopFree(Local local)
    {
        if (_lists.IsEmpty(local.Free))
            return -1;
        int node = _lists.Next(local.Free);
        _lists.Remove(node);
        return node;
    }

    private int PopPending(Local local)
    {
        for (int force = 0; force < 2; force++)
        {
            for (int node = _lists.Previous(local.Pending); node != local.Pending; node = _lists.Previous(node))
            {
                if ((force != 0 || !_owner.IsReferenced(node)) && _owner.Evict(node))
                {
                    _lists.Remove(node);
                    return node;
                }
            }
        }

        return -1;
    }

    private void AddPending(Local local, int node, int cpu)
    {
        _lists.Cpus[node] = (ushort)cpu;
        _lists.Kinds[node] = LruKind.LocalPending;
        _owner.ClearReference(node);
        _lists.Add(node, local.Pending);
    }

    /// <summary>What one CPU holds.</summary>
    private sealed class Local(int free, int pending, int cpu)
    {
        public readonly int Free = free;
        public readonly int Pending = pending;
        public int Latch;
        public int NextSteal = cpu;
    }
}
