using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Bench;

/// <summary>A whole kernel behind the system call: programs are verified, and run by BPF_PROG_TEST_RUN with its repeat.</summary>
internal sealed class BpfTarget(string name, IBpfBackend backend) : IBenchTarget
{
    private readonly BpfTask _task = new() { Pid = (uint)Environment.ProcessId };
    private readonly ProcessMemory _memory = new();

    public string Name => name;

    public ILoadedProgram? Load(BenchProgram program, out string problem)
    {
        problem = "";
        int[] maps = new int[program.Maps.Count];
        for (int i = 0; i < maps.Length; i++)
        {
            long fd = MakeMap(program.Maps[i]);
            if (fd < 0)
            {
                problem = $"map {i}: {Errno.Name(fd)}";
                return null;
            }

            maps[i] = (int)fd;
        }

        Insn[] insns = [.. program.Insns.Select(insn => insn.IsLdImm64 && insn.Src == Op.PseudoMapFd ? insn with { Imm = maps[insn.Imm] } : insn)];
        byte[] code = Pinned(Insn.ToBytes(insns));
        long prog = LoadProgram(code, out string log);
        if (prog >= 0)
            return new Loaded(this, (int)prog, code, Pinned(program.Data));
        problem = $"{Errno.Name(prog)} {log}";
        return null;
    }

    public void Dispose()
    {
        _task.Fds.CloseAll();
        (backend as IDisposable)?.Dispose();
    }

    private long MakeMap(BenchMap map)
    {
        byte[] attr = new byte[72];
        Put(attr, 0, (uint)map.Type);
        Put(attr, 4, map.KeySize);
        Put(attr, 8, map.ValueSize);
        Put(attr, 12, map.MaxEntries);
        long fd = Call(BpfCommand.MapCreate, attr);
        byte[] key = Pinned(new byte[map.KeySize]), value = Pinned(new byte[map.ValueSize]);
        for (int i = 0; i < map.Fill && fd >= 0; i++)
        {
            Put(key, 0, (uint)(i * map.Step));
            value[0] = (byte)i;
            byte[] update = new byte[32];
            Put(update, 0, (uint)fd);
            Put(update, 8, Address(key));
            Put(update, 16, Address(value));
            long result = Call(BpfCommand.MapUpdateElem, update);
            if (result < 0)
                return result;
        }

        return fd;
    }

    private long LoadProgram(byte[] code, out string log)
    {
        log = "";
        byte[] license = Pinned("GPL\0"u8.ToArray());
        byte[] attr = new byte[148];
        Put(attr, 0, (uint)BpfProgType.Xdp);
        Put(attr, 4, (uint)(code.Length / Insn.Size));
        Put(attr, 8, Address(code));
        Put(attr, 16, Address(license));
        long fd = Call(BpfCommand.ProgLoad, attr);
        if (fd >= 0)
            return fd;
        byte[] text = Pinned(new byte[16 << 20]);
        Put(attr, 24, 1u);
        Put(attr, 28, (uint)text.Length);
        Put(attr, 32, Address(text));
        Call(BpfCommand.ProgLoad, attr);
        log = System.Text.Encoding.UTF8.GetString(text).TrimEnd('\0').TrimEnd();
        log = string.Join(" | ", log.Split('\n')[^Math.Min(4, log.Split('\n').Length)..]);
        return fd;
    }

    private long Call(BpfCommand command, byte[] attr) => backend.Bpf(command, attr, _memory, new BpfCall(_task));

    private static byte[] Pinned(byte[] bytes)
    {
        byte[] pinned = GC.AllocateArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(pinned, 0);
        return pinned;
    }

    private static ulong Address(byte[] pinned) => (ulong)Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0);

    private static void Put(byte[] at, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(at.AsSpan(offset), value);

    private static void Put(byte[] at, int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(at.AsSpan(offset), value);

    private sealed class Loaded(BpfTarget target, int fd, byte[] code, byte[] data) : ILoadedProgram
    {
        public uint Run(int repeat, out double ns)
        {
            // prog_fd, retval, data_size_in, data_size_out, data_in, data_out, repeat, duration
            byte[] attr = new byte[80];
            Put(attr, 0, (uint)fd);
            Put(attr, 8, (uint)data.Length);
            Put(attr, 16, Address(data));
            Put(attr, 32, (uint)repeat);
            long result = target.Call(BpfCommand.ProgTestRun, attr);
            if (result < 0)
                throw new InvalidOperationException($"{target.Name}: test run: {Errno.Name(result)}");
            // The mean of the repetitions as the kernel measured it: entering and leaving the kernel, and the patching of its XDP dispatcher, are not in it.
            ns = BinaryPrimitives.ReadUInt32LittleEndian(attr.AsSpan(36));
            return BinaryPrimitives.ReadUInt32LittleEndian(attr.AsSpan(4));
        }

        public double TimeLoad()
        {
            long start = Stopwatch.GetTimestamp();
            long again = target.LoadProgram(code, out _);
            double ns = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
            target._task.Fds.Close((int)again);
            return ns;
        }

        public void Dispose() => target._task.Fds.Close(fd);
    }
}
