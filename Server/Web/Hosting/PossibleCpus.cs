using System.Globalization;

namespace WebBpf.Server.Hosting;

/// <summary>The machine's possible CPUs (not those a cgroup allows): what per-CPU values are sized by.</summary>
public static class PossibleCpus
{
    private const string File = "/sys/devices/system/cpu/possible";

    /// <summary>From a list such as "0-3,5": the last number and one; the runtime's count where there is no such file.</summary>
    public static int OfMachine()
    {
        if (!System.IO.File.Exists(File))
            return Environment.ProcessorCount;
        string last = System.IO.File.ReadAllText(File).Trim().Split(',', '-')[^1];
        return int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out int highest) ? highest + 1 : Environment.ProcessorCount;
    }
}
