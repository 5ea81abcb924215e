using System.Buffers.Binary;
using System.Text;
using WebBpf.Kernel.Isa.Assembly;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Tests.Corpus;

/// <summary>Runs cases on a kernel through its door: maps, load at the case's log level, test run, maps again. A task of its own for each case.</summary>
internal sealed class CorpusHost(IBpfBackend kernel)
{
    private const int LogSize = 1 << 24;

    private readonly UserMemoryArena _log = new();
    private UserBuffer? _logBuffer;

    public CorpusOutcome Run(CorpusCase one)
    {
        var outcome = new CorpusOutcome();
        var task = new BpfTask { Pid = 4243, Tgid = 4243, Comm = "corpus" };
        try
        {
            var session = new Session(kernel, task, outcome);
            Dictionary<string, (long Fd, CorpusMap Map)> maps = session.CreateMaps(one);
            if (outcome.Load < 0)
                return outcome;
            Load(one, session, maps, outcome);
            if (outcome.Load >= 0 && one.Runs)
            {
                session.TestRun(one, outcome.Load);
                foreach (string name in one.Entries.Where(e => e.Key == "after").Select(CorpusOutcome.MapOf))
                    outcome.After[name] = session.Dump(maps[name].Fd, maps[name].Map);
            }

            return outcome;
        }
        finally
        {
            task.Fds.CloseAll();
        }
    }

    /// <summary>As <see cref="Run"/>, with a crash of the kernel as an outcome of its own.</summary>
    public CorpusOutcome RunSafely(CorpusCase one)
    {
        try
        {
            return Run(one);
        }
        catch (Exception e) when (e is not FormatException and not AsmException)
        {
            return new CorpusOutcome { Load = -Errno.EIO, Log = $"CRASH {e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n')[0].Trim()}\n" };
        }
    }

    private void Load(CorpusCase one, Session session, Dictionary<string, (long Fd, CorpusMap Map)> maps, CorpusOutcome outcome)
    {
        AssembledProgram program = Assembler.Assemble(one.Asm, new Symbols(maps.ToDictionary(p => p.Key, p => (int)p.Value.Fd)));
        if (program.References.FirstOrDefault(r => !r.Resolved) is { } missing)
            throw one.Wrong($"{missing.Kind} {missing.Name}");
        _logBuffer ??= _log.Allocate(LogSize);
        _logBuffer.Span[0] = 0;
        UserMemoryArena memory = session.Memory;
        var attr = new CallAttr(BpfCommand.ProgLoad)
        {
            ["prog_type"] = (uint)one.Type,
            ["expected_attach_type"] = one.AttachType,
            ["insns"] = memory.Copy(WebBpf.Kernel.Isa.Insn.ToBytes(program.Insns)),
            ["insn_cnt"] = (uint)program.Insns.Length,
            ["license"] = memory.Copy(one.License),
            ["prog_flags"] = one.Flags,
            ["log_level"] = one.LogLevel,
            ["log_size"] = LogSize,
            ["log_buf"] = _logBuffer.Address,
        };
        CorpusBtf.Apply(one, program, session, attr);
        outcome.Load = session.Call(attr, new TwoMemories(memory, _log));
        int end = _logBuffer.Span.IndexOf((byte)0);
        outcome.Log = Encoding.UTF8.GetString(_logBuffer.Span[..Math.Max(end, 0)]);
    }

    /// <summary>The calls of one case.</summary>
    internal sealed class Session(IBpfBackend kernel, BpfTask task, CorpusOutcome outcome) : ILoadObserver
    {
        public UserMemoryArena Memory { get; } = new();

        public long Call(CallAttr attr, IUserMemory? memory = null) => kernel.Bpf(attr.Command, attr.Bytes, memory ?? Memory, new BpfCall(task, default, this));

        public Dictionary<string, (long Fd, CorpusMap Map)> CreateMaps(CorpusCase one)
        {
            Dictionary<string, (long Fd, CorpusMap Map)> maps = [];
            foreach (CorpusMap map in one.Maps)
            {
                var attr = new CallAttr(BpfCommand.MapCreate)
                {
                    ["map_type"] = (uint)map.Type,
                    ["key_size"] = map.KeySize,
                    ["value_size"] = map.ValueSize,
                    ["max_entries"] = map.MaxEntries,
                    ["map_flags"] = map.Flags,
                };
                if (map.Inner is not null)
                    attr["inner_map_fd"] = (uint)maps[map.Inner].Fd;
                long fd = Call(attr);
                if (fd < 0)
                {
                    outcome.Load = fd;
                    outcome.Gap ??= $"map {map.Name}: {Errno.Name(fd)}";
                    return maps;
                }

                maps[map.Name] = (fd, map);
            }

            foreach (string[] init in one.Entries.Where(e => e.Key == "init").Select(e => e.Text.Split(' ', 2)))
                Fill(one, maps[init[0]].Fd, init[1]);
            foreach (string name in one.Entries.Where(e => e.Key == "freeze").Select(e => e.Text))
                Demand(one, Call(new CallAttr(BpfCommand.MapFreeze) { ["map_fd"] = (uint)maps[name].Fd }), $"freeze of {name}");
            return maps;
        }

        public void TestRun(CorpusCase one, long fd)
        {
            var attr = new CallAttr(BpfCommand.ProgTestRun) { ["prog_fd"] = (uint)fd };
            UserBuffer data = Memory.Allocate(4096);
            UserBuffer ctx = Memory.Allocate(4096);
            if (one.Bytes("input") is { } input)
            {
                attr["data_in"] = Memory.Copy(input);
                attr["data_size_in"] = (uint)input.Length;
                attr["data_out"] = data.Address;
                attr["data_size_out"] = (uint)data.Length;
            }

            if (one.Bytes("ctx") is { } given)
            {
                attr["ctx_in"] = Memory.Copy(given);
                attr["ctx_size_in"] = (uint)given.Length;
            }

            if (one.Find("ctx_output") is not null)
            {
                attr["ctx_out"] = ctx.Address;
                attr["ctx_size_out"] = (uint)ctx.Length;
            }

            outcome.Run = Call(attr);
            outcome.Retval = (uint)attr["retval"];
            outcome.Output = data.Span[..(int)Math.Min(attr["data_size_out"], (ulong)data.Length)].ToArray();
            outcome.CtxOutput = one.Find("ctx_output") is null ? [] : ctx.Span[..(int)Math.Min(attr["ctx_size_out"], (ulong)ctx.Length)].ToArray();
        }

        /// <summary>All elements in the order of their keys: <c>key=value ...</c>.</summary>
        public string Dump(long fd, CorpusMap map)
        {
            SortedDictionary<string, string> elements = new(StringComparer.Ordinal);
            UserBuffer key = Memory.Allocate(Math.Max(map.KeySize, 1));
            UserBuffer value = Memory.Allocate(map.ValueSize);
            ulong previous = 0;
            while (elements.Count < 4096 && Call(new CallAttr(BpfCommand.MapGetNextKey) { ["map_fd"] = (uint)fd, ["key"] = previous, ["next_key"] = key.Address }) == 0)
            {
                if (Call(new CallAttr(BpfCommand.MapLookupElem) { ["map_fd"] = (uint)fd, ["key"] = key.Address, ["value"] = value.Address }) == 0)
                    elements[Convert.ToHexStringLower(key.Span)] = Convert.ToHexStringLower(value.Span);
                previous = Memory.Copy(key.Span);
            }

            return string.Join(' ', elements.Select(e => $"{e.Key}={e.Value}"));
        }

        public void OnLog(ReadOnlySpan<char> text)
        {
        }

        public void OnProgress(uint insnsProcessed, uint totalStates)
        {
        }

        public void OnNotImplemented(string what) => outcome.Gap ??= what;

        public void OnVerdict(WebBpf.Kernel.Verifier.Verdict verdict)
        {
        }

        private void Fill(CorpusCase one, long fd, string elements)
        {
            foreach (string[] pair in elements.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(e => e.Split('=')))
            {
                var attr = new CallAttr(BpfCommand.MapUpdateElem) { ["map_fd"] = (uint)fd, ["key"] = Memory.Copy(one.ParseBytes(pair[0])), ["value"] = Memory.Copy(one.ParseBytes(pair[1])) };
                Demand(one, Call(attr), $"init {pair[0]}");
            }
        }

        private static void Demand(CorpusCase one, long result, string what)
        {
            if (result < 0)
                throw one.Wrong($"{what} ({Errno.Name(result)})");
        }
    }

    private sealed class Symbols(Dictionary<string, int> maps) : IAsmSymbols
    {
        public int? MapFd(string name) => maps.TryGetValue(name, out int fd) ? fd : null;

        public int? KfuncId(string name) => null;
    }

    /// <summary>The case's memory, and the log's, which all cases share.</summary>
    private sealed class TwoMemories(IUserMemory first, IUserMemory second) : IUserMemory
    {
        public bool TryRead(ulong address, Span<byte> destination) => first.TryRead(address, destination) || second.TryRead(address, destination);

        public bool TryWrite(ulong address, ReadOnlySpan<byte> source) => first.TryWrite(address, source) || second.TryWrite(address, source);
    }
}

/// <summary>A union bpf_attr under construction, by the names of the attr table.</summary>
internal sealed class CallAttr(BpfCommand command)
{
    private readonly AttrCommand _table = AttrTable.Find(command)!;

    public BpfCommand Command { get; } = command;

    public byte[] Bytes { get; } = new byte[AttrTable.AttrSize];

    public ulong this[string name]
    {
        get => Field(name) is { Size: 8 } wide ? BinaryPrimitives.ReadUInt64LittleEndian(Bytes.AsSpan(wide.Offset)) : BinaryPrimitives.ReadUInt32LittleEndian(Bytes.AsSpan(Field(name).Offset));
        set
        {
            if (Field(name) is { Size: 8 } wide)
                BinaryPrimitives.WriteUInt64LittleEndian(Bytes.AsSpan(wide.Offset), value);
            else
                BinaryPrimitives.WriteUInt32LittleEndian(Bytes.AsSpan(Field(name).Offset), (uint)value);
        }
    }

    private AttrField Field(string name) => _table.Find(name) ?? throw new ArgumentException($"{Command} has no field {name}.");
}
