using WebBpf.Shared.Dashboard;
using WebBpf.Shared.Wire;

namespace WebBpf.Client.Model;

/// <summary>
/// The elements that a map's page shows, kept up to date by its stream of changes. Changes are taken in as they come and shown at most ten times a second, so
/// that a map under fire costs a page no more than a quiet one. Keys that are not on the page are counted, not shown.
/// </summary>
public sealed class LiveEntries
{
    private readonly Dictionary<string, MapEntry> _shown = [];
    private readonly Dictionary<string, MapChangeItem> _latest = [];
    private readonly List<string> _order = [];
    private readonly Lock _lock = new();

    public long Changes { get; private set; }

    public long Dropped { get; private set; }

    /// <summary>Changes of keys that this page does not show.</summary>
    public long Elsewhere { get; private set; }

    /// <summary>A snapshot of what is shown, with the last change of each element.</summary>
    public IReadOnlyList<(MapEntry Entry, MapChangeItem? Change)> Rows
    {
        get
        {
            lock (_lock)
                return [.. _order.Select(k => (_shown[k], _latest.GetValueOrDefault(k)))];
        }
    }

    /// <summary>Takes a page of elements; the marks of changes before it go.</summary>
    public void Show(IReadOnlyList<MapEntry> entries)
    {
        lock (_lock)
        {
            _shown.Clear();
            _order.Clear();
            _latest.Clear();
            Elsewhere = 0;
            foreach (MapEntry entry in entries)
            {
                _shown[entry.Key] = entry;
                _order.Add(entry.Key);
            }
        }
    }

    /// <summary>Takes a change in; true where the page shows its key.</summary>
    public bool Take(MapChangeItem change)
    {
        lock (_lock)
        {
            if (change.Dropped is { } dropped)
            {
                Dropped += dropped;
                return true;
            }

            Changes++;
            if (!_shown.ContainsKey(change.Key))
            {
                Elsewhere++;
                return false;
            }

            _latest[change.Key] = change;
            return true;
        }
    }
}
