using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace WebBpf.Server.Metrics;

/// <summary>
/// Collects what System.Diagnostics.Metrics publishes in this process and writes it in the Prometheus text format. Counters are
/// summed, gauges keep their last value, histograms are written as count and sum. The number of series is bounded.
/// </summary>
public sealed class PrometheusCollector : IDisposable
{
    private const int MaxSeries = 4096;
    private static readonly string[] Meters =
        ["WebBpf", "System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel"];

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<(Instrument Instrument, string Labels), Series> _series = new();

    public PrometheusCollector()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (Meters.Contains(instrument.Meter.Name))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((i, v, tags, _) => Record(i, v, tags));
        _listener.SetMeasurementEventCallback<int>((i, v, tags, _) => Record(i, v, tags));
        _listener.SetMeasurementEventCallback<double>((i, v, tags, _) => Record(i, v, tags));
        _listener.Start();
    }

    public string Write()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        foreach (IGrouping<string, KeyValuePair<(Instrument Instrument, string Labels), Series>> metric in
            _series.GroupBy(s => Name(s.Key.Instrument)).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            Instrument instrument = metric.First().Key.Instrument;
            Kind kind = KindOf(instrument);
            if (instrument.Description is { Length: > 0 } help)
                text.Append("# HELP ").Append(metric.Key).Append(' ').Append(help.ReplaceLineEndings(" ")).Append('\n');
            text.Append("# TYPE ").Append(metric.Key).Append(' ').Append(kind.ToString().ToLowerInvariant()).Append('\n');
            foreach (((Instrument _, string labels), Series series) in metric.OrderBy(s => s.Key.Labels, StringComparer.Ordinal))
            {
                if (kind == Kind.Summary)
                {
                    Line(text, metric.Key + "_count", labels, series.Count);
                    Line(text, metric.Key + "_sum", labels, series.Sum);
                }
                else
                {
                    Line(text, metric.Key, labels, series.Sum);
                }
            }
        }

        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private static void Line(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
            text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        (Instrument, string) key = (instrument, Labels(tags));
        if (!_series.TryGetValue(key, out Series? series))
        {
            if (_series.Count >= MaxSeries)
                return;
            series = _series.GetOrAdd(key, _ => new Series());
        }

        bool replaces = instrument.IsObservable || KindOf(instrument) == Kind.Gauge && instrument is not UpDownCounter<long> and not UpDownCounter<int>;
        series.Add(value, replaces);
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 0)
            return "";
        var parts = new List<string>(tags.Length);
        foreach ((string name, object? value) in tags)
        {
            string text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            parts.Add($"{Sanitize(name)}=\"{text.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n")}\"");
        }

        parts.Sort(StringComparer.Ordinal);
        return string.Join(',', parts);
    }

    private static string Name(Instrument instrument) =>
        Sanitize(instrument.Name) + (KindOf(instrument) == Kind.Counter ? "_total" : "");

    private static string Sanitize(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));

    private static Kind KindOf(Instrument instrument)
    {
        string type = instrument.GetType().Name;
        if (type.StartsWith("Histogram", StringComparison.Ordinal))
            return Kind.Summary;
        return type.Contains("UpDown", StringComparison.Ordinal) || type.Contains("Gauge", StringComparison.Ordinal) ? Kind.Gauge : Kind.Counter;
    }

    private enum Kind
    {
        Counter,
        Gauge,
        Summary,
    }

    private sealed class Series
    {
        private readonly Lock _lock = new();

        public double Sum { get; private set; }
        public long Count { get; private set; }

        public void Add(double value, bool replaces)
        {
            lock (_lock)
            {
                Sum = replaces ? value : Sum + value;
                Count++;
            }
        }
    }
}
